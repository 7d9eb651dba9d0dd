"""Polite requests to the hub: a few at a time, and slower whenever it asks for that."""

import hashlib
import logging
import os
import random
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

# Read by huggingface_hub when it is imported; the bars of index files would break up our own.
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

try:
    from huggingface_hub import constants, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils import build_hf_headers, close_session, get_session
except ImportError as error:
    from errors import InputError

    raise InputError(
        f"fetching images needs huggingface_hub ({error}): pip install huggingface_hub"
    ) from error

from errors import InputError

SECONDS_TO_CONNECT, SECONDS_BETWEEN_BYTES = 15, 60
LONGEST_WAIT = 60
PART = 1 << 16

_RETRIED = (408, 429, 500, 502, 503, 504)
_EXPIRED = (400, 401, 403, 404, 410)


class Interrupted(Exception):
    """The run is being stopped."""


class NotAtSource(Exception):
    """The source does not have it, or not whole; `str()` says what is wrong."""


class Unreachable(Exception):
    """All tries failed; another day it may work. `str()` says why."""


class HubClient:
    """Fetches indexes and parts of tars of a data set repository.

    `tries` is how often each request is made, `wait` how many seconds after the first failure;
    the wait doubles each time and varies by half. What the hub asks for in Retry-After holds for
    all threads. The token, endpoint and cache are those of huggingface_hub's environment variables.
    """

    def __init__(self, repo: str, revision: str, *, tries: int, wait: float):
        self.repo, self.revision = repo, revision
        self.tries, self.wait = tries, wait
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._located: dict[str, str] = {}
        logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)

    def stop(self) -> None:
        """Have all requests end at once, with Interrupted."""
        self.stopped.set()
        close_session()

    def index(self, path: str, repo: str, *, again: bool = False) -> tuple[bytes, str]:
        """Content of an index file, cached, and the revision of its repository that it is of.

        `again` fetches it anew. Raises NotAtSource, Unreachable, InputError for want of access.
        """
        problem = ""
        for attempt in range(self.tries):
            self._pause(attempt)
            try:
                found = hf_hub_download(
                    repo, path, repo_type="dataset", revision=self.revision, force_download=again
                )
            except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
                raise InputError(_no_access(repo, error)) from error
            except LocalEntryNotFoundError as error:
                problem = _reason(error)
            except EntryNotFoundError as error:
                raise NotAtSource(f"{repo} has no {path}") from error
            except HfHubHTTPError as error:
                problem = _reason(error)
                if error.response.status_code in (401, 403):
                    raise InputError(_no_access(repo, error)) from error
                self._heed(error.response, attempt)
            except (OSError, _http_error()) as error:
                problem = _reason(error)
            else:
                return Path(found).read_bytes(), _revision_of(Path(found), self.revision)
        raise Unreachable(f"{path} of {repo}: {problem}")

    def part(self, tar: str, revision: str, offset: int, size: int, target: BinaryIO) -> str:
        """Write `size` bytes of a tar from `offset` on to a file; returns their SHA-256.

        Raises NotAtSource, Unreachable, InputError for want of access.
        """
        url = hf_hub_url(self.repo, tar, repo_type="dataset", revision=revision)
        problem = ""
        for attempt in range(self.tries):
            self._pause(attempt)
            target.seek(0)
            target.truncate()
            try:
                found, problem = self._request(url, offset, size, target, attempt)
            except _http_error() as error:
                problem = _reason(error)
                continue
            if found:
                return found
        raise Unreachable(f"{tar}: {problem}")

    def _request(
        self, url: str, offset: int, size: int, target: BinaryIO, attempt: int
    ) -> tuple[str, str]:
        """(SHA-256, "") of what was written, or ("", why to try again)."""
        located = self._located.get(url)
        headers = {"Range": f"bytes={offset}-{offset + size - 1}", "Accept-Encoding": "identity"}
        if not located:
            headers |= build_hf_headers()
        with get_session().stream(
            "GET", located or url, headers=headers, timeout=_timeout(), follow_redirects=True
        ) as response:
            status = response.status_code
            elsewhere = urlsplit(str(response.url)).netloc != urlsplit(url).netloc
            if elsewhere and status in _EXPIRED:
                self._located.pop(url, None)
                return "", f"status {status}"
            if status in (401, 403):
                raise InputError(_no_access(self.repo, f"status {status}"))
            if status in (404, 410):
                raise NotAtSource("the tar is not there")
            if status == 416:
                raise NotAtSource("it lies behind the end of its tar")
            if status in _RETRIED:
                self._heed(response, attempt)
                return "", f"status {status}"
            if status != 206:
                raise InputError(
                    f"{urlsplit(str(response.url)).netloc} answers {status} when asked for a part "
                    "of a tar: images cannot be fetched one by one from there"
                )
            # Addresses of the content servers are good for a while: that saves the hub a request.
            if elsewhere and not located:
                self._located[url] = str(response.url)
            digest, written = hashlib.sha256(), 0
            for part in response.iter_bytes(PART):
                self._check_stopped()
                digest.update(part)
                written += target.write(part)
                if written > size:
                    break
        if written != size:
            return "", f"{written:,} bytes came instead of {size:,}"
        return digest.hexdigest(), ""

    def _pause(self, attempt: int) -> None:
        """Wait before a request: its own wait after failures, and while the hub wants none."""
        if attempt:
            self._sleep(self._own_wait(attempt - 1))
        while (left := self._closed_until - time.monotonic()) > 0:
            self._sleep(left)
        self._check_stopped()

    def _own_wait(self, attempt: int) -> float:
        return min(self.wait * 2**attempt, LONGEST_WAIT) * random.uniform(0.5, 1.5)

    def _heed(self, response, attempt: int) -> None:
        """Let no thread make requests for as long as the response asks for."""
        asked = _retry_after(response.headers.get("Retry-After"))
        if response.status_code == 429 and asked is None:
            asked = self._own_wait(attempt)
        if asked:
            with self._lock:
                self._closed_until = max(self._closed_until, time.monotonic() + asked)

    def _sleep(self, seconds: float) -> None:
        if self.stopped.wait(seconds):
            raise Interrupted

    def _check_stopped(self) -> None:
        if self.stopped.is_set():
            raise Interrupted


def endpoint() -> str:
    """The address of the hub that requests go to."""
    return constants.ENDPOINT


def _retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, which gives them or a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _revision_of(path: Path, otherwise: str) -> str:
    """The commit that a file in the cache of huggingface_hub is of."""
    folders = path.parts
    return folders[folders.index("snapshots") + 1] if "snapshots" in folders else otherwise


def _no_access(repo: str, error: object) -> str:
    return (
        f"no access to the data set {repo} at {endpoint()} ({_reason(error)}): is the name right? "
        "If it is gated, accept its conditions there and set HF_TOKEN"
    )


def _reason(error: object) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 160 else text[:160] + "…"


def _http_error() -> type[Exception]:
    """What the HTTP library of this release of huggingface_hub raises: httpx or its successor."""
    return _HTTP.HTTPError


def _timeout():
    return _HTTP.Timeout(SECONDS_BETWEEN_BYTES, connect=SECONDS_TO_CONNECT)


def _http_library():
    import importlib

    return importlib.import_module(type(get_session()).__module__.partition(".")[0])


_HTTP = _http_library()
