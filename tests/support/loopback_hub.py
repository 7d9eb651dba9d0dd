"""A hub on loopback: a data set of tars with indexes, which huggingface_hub itself talks to, and
everything that can go wrong with one."""

import hashlib
import io
import json
import re
import tarfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_loopback"


def make_tar(members: Iterable[tuple[str, bytes]]) -> tuple[bytes, dict]:
    """A tar of (name, content), and its index as deepghs writes them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    packed = buffer.getvalue()
    files = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for info in archive:
            content = packed[info.offset_data : info.offset_data + info.size]
            digest = hashlib.sha256(content).hexdigest()
            files[info.name] = {"offset": info.offset_data, "size": info.size, "sha256": digest}
    hashes = {"hash": "0" * 40, "hash_lfs": hashlib.sha256(packed).hexdigest()}
    return packed, {"filesize": len(packed), **hashes, "files": files}


class LoopbackHub:
    """Serves `files` (path in the repository: content) as data sets of any name.

    `trouble` maps a path to what happens to the next requests for it, in order: a status, "short",
    "drop", "slow" or "web page". Tars are redirected to another address, as the hub does, whose
    requests carry no token. `seen` counts requests by (method, path); `ranges` lists those of tars.
    """

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.trouble: dict[str, list] = defaultdict(list)
        self.retry_after: str | None = None
        self.delay = 0.0
        self.gated = False
        self.commit = "a" * 40
        self.seen: Counter[tuple[str, str]] = Counter()
        self.ranges: list[tuple[str, str]] = []
        self.arrivals: list[float] = []
        self.refused_at: list[float] = []
        self.tokens_at_content_server = 0
        self.expired_addresses = False
        self.ignores_ranges = False
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        hub = self

        class Handler(_Handler):
            server_hub = hub

        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def add_tar(self, path: str, members: Iterable[tuple[str, bytes]]) -> None:
        """Put a tar and its index in place."""
        packed, index = make_tar(members)
        self.files[path] = packed
        self.files[path.replace(".tar", ".json")] = json.dumps(index).encode()

    def change_index(self, path: str, change) -> None:
        """Apply `change` to the files that an index lists."""
        index = json.loads(self.files[path])
        change(index["files"])
        self.files[path] = json.dumps(index).encode()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.servers[0].server_port}"

    @property
    def content_address(self) -> str:
        return f"http://127.0.0.1:{self.servers[1].server_port}"

    def environment(self, home) -> dict[str, str]:
        """What makes huggingface_hub talk to this hub, with its cache in `home`."""
        return {"HF_ENDPOINT": self.address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}

    def close(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_hub: LoopbackHub

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        hub = self.server_hub
        # Counted while the other side is surely waiting: it goes on before the reply has returned.
        with hub.lock:
            hub.at_once += 1
            hub.most_at_once = max(hub.most_at_once, hub.at_once)
        time.sleep(hub.delay)
        with hub.lock:
            hub.at_once -= 1
        self._reply(hub, body)

    def _reply(self, hub: LoopbackHub, body: bool) -> None:
        found = re.fullmatch(r"/datasets/[^/]+/[^/]+/resolve/[^/]+/(.+)", self.path)
        at_content_server = self.path.startswith("/content/")
        path = self.path.partition("?")[0].removeprefix("/content/") if not found else found[1]
        content = hub.files.get(path)
        with hub.lock:
            hub.seen[self.command, path] += 1
            hub.arrivals.append(time.monotonic())
            trouble = hub.trouble[path]
            # The hub answers for indexes, the content server for tars.
            happens = None
            if trouble and body and (at_content_server or path.endswith(".json")):
                happens = trouble.pop(0)
        token = self.headers.get("Authorization")
        if found and hub.gated and token != f"Bearer {TOKEN}":
            return self._send(403, b"gated", {"X-Error-Code": "GatedRepo"}, body)
        if content is None:
            return self._send(404, b"nothing", {"X-Error-Code": "EntryNotFound"}, body)
        if isinstance(happens, int):
            hub.refused_at.append(time.monotonic())
            headers = {"Retry-After": hub.retry_after} if hub.retry_after else {}
            return self._send(happens, b"trouble", headers, body)
        if happens == "drop":
            self.close_connection = True
            return None
        if happens == "slow":
            time.sleep(0.4)
        if found and path.endswith(".tar"):
            place = f"{hub.content_address}/content/{path}?signed={hub.seen[self.command, path]}"
            return self._send(302, b"", {"Location": place}, body)
        if at_content_server:
            hub.tokens_at_content_server += token is not None
            return self._send_part(hub, path, content, happens)
        etag = hashlib.sha1(content).hexdigest()
        if happens == "web page":
            content = b"<!DOCTYPE html><title>Log in</title>".ljust(len(content))
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": hub.commit}
        return self._send(200, content, headers, body)

    def _send_part(self, hub: LoopbackHub, path: str, content: bytes, happens) -> None:
        asked = self.headers.get("Range", "")
        hub.ranges.append((path, asked))
        if hub.expired_addresses and len(hub.ranges) % 3 == 0:
            return self._send(403, b"expired", {}, True)
        if hub.ignores_ranges:
            return self._send(200, content, {}, True)
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", asked).groups())
        if first >= len(content):
            return self._send(416, b"", {}, True)
        part = content[first : last + 1]
        headers = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"}
        if happens == "short":
            return self._send(206, part[: len(part) // 2], headers, True, len(part))
        return self._send(206, part, headers, True)

    def _send(
        self, status: int, content: bytes, headers: dict, body: bool, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        if length is not None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if body:
            self.wfile.write(content)
