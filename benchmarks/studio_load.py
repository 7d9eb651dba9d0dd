#!/usr/bin/env python3
"""Many people at one studio: are all answered, in the order of the queue, with flat memory?

    python benchmarks/studio_load.py [--requests 100] [--clients 8] [--load W.pkl]
    python benchmarks/studio_load.py --engines torch onnx openvino --load W.pkl

Starts `main.py --gui` with the weights given (or small random ones), sends requests from several
clients, each sending its next one when the last is answered, and prints what it saw. With
--engines it starts one studio for each, and asks them for a picture in turn.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

SKETCH = PROJECT / "testset" / "liner_test" / "85.png"
WARM_UP = 5
COLORS = ("blue", "red", "green", "pink")


@dataclass(frozen=True)
class Answer:
    """When a request had its place in the queue and when it was answered, and how long the server
    painted, in seconds."""

    queued: float
    answered: float
    painting: float
    right: bool


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns 1 when a request went unanswered or was answered wrongly."""
    options = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        weights = options.load or _random_weights(Path(folder) / "random.pkl")
        with ExitStack() as running:
            if options.engines:
                urls = {e: _start(running, weights, e)[1] for e in options.engines}
                return _compare(urls, options.requests)
            server, url = _start(running, weights)
            return _measure(server, url, options.requests, options.clients)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100, metavar="N")
    parser.add_argument("--clients", type=int, default=8, metavar="N")
    parser.add_argument("--load", metavar="FILE", help="checkpoint to color with")
    parser.add_argument("--engines", nargs="+", metavar="ENGINE", help="compare these in turn")
    return parser


def _random_weights(path: Path) -> Path:
    from checkpoints.writing import save
    from loader.tags import load_vocabulary
    from network.architecture import Architecture
    from network.loss import ChangingLoss
    from tag2pix import Tag2Pix

    architecture = Architecture(input_size=64, layers=(1, 1, 1, 1), cit=False)
    content = Tag2Pix(architecture, ChangingLoss(cit=False)).state()
    content["tag2pix"] |= {"color_space": "rgb", "vocabulary": load_vocabulary().dump()}
    save(content, path)
    return path


def _start(running: ExitStack, weights: str | Path, engine: str = "auto") -> tuple[int, str]:
    """A studio that ends with `running`: its process, and the address of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "main.py", "--gui", f"--port={port}", f"--load={weights}"]
    command.append(f"--engine={engine}")
    server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    running.callback(server.wait, 30)
    running.callback(server.terminate)
    for line in server.stdout:
        if line.startswith("Tag2Pix studio"):
            return server.pid, f"http://127.0.0.1:{port}/gradio_api"
    raise SystemExit("the studio did not start")


def _measure(server: int, url: str, requests: int, clients: int) -> int:
    sketch = _upload(url)
    _ask(url, sketch, 0)
    memory, answers, lock = [_resident_mb(server)], [], threading.Lock()

    def client(first: int) -> None:
        for number in range(first, requests, clients):
            answer = _ask(url, sketch, number)
            with lock:
                answers.append(answer)
                if len(answers) % max(1, requests // 10) == 0:
                    memory.append(_resident_mb(server))

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for failed in pool.map(client, range(clients)):
            assert failed is None
    seconds = time.perf_counter() - start
    return _report(answers, memory, requests, clients, seconds)


def _compare(urls: dict[str, str], requests: int) -> int:
    """The same pictures from every studio, in turn; the first is what the others compare to."""
    sketches = {engine: _upload(url) for engine, url in urls.items()}
    answers = {engine: [] for engine in urls}
    for number in range(WARM_UP + requests):
        for engine, url in urls.items():
            answer = _ask(url, sketches[engine], number)
            if number >= WARM_UP:
                answers[engine].append(answer)
    wrong = sum(not answer.right for several in answers.values() for answer in several)
    first = None
    for engine, several in answers.items():
        painting = statistics.median(answer.painting for answer in several)
        waiting = statistics.median(answer.answered - answer.queued for answer in several)
        first = first or (painting, waiting)
        print(
            f"{engine}: painting {painting * 1000:.0f} ms ({first[0] / painting:.2f} x), "
            f"until answered {waiting * 1000:.0f} ms ({first[1] / waiting:.2f} x)"
        )
    print(f"medians of {requests} pictures each, {wrong} wrong answers")
    return 1 if wrong else 0


def _report(
    answers: list[Answer], memory: list[float], requests: int, clients: int, seconds: float
) -> int:
    by_queue = sorted(answers, key=lambda answer: answer.queued)
    by_answer = sorted(answers, key=lambda answer: answer.answered)
    moved = max(abs(by_answer.index(a) - place) for place, a in enumerate(by_queue))
    waits = sorted(answer.answered - answer.queued for answer in answers)
    right = sum(answer.right for answer in answers)
    print(f"{right} of {requests} requests of {clients} clients answered, with the right tags")
    print(f"{seconds:.1f} s, {requests / seconds:.1f} pictures/s")
    print(f"wait: median {statistics.median(waits):.2f} s, longest {waits[-1]:.2f} s")
    print(f"order: answered at most {moved} places away from the order of arrival")
    series = " ".join(f"{megabytes:.0f}" for megabytes in memory)
    print(f"resident memory of the server, MB, every tenth of the way: {series}")
    return 0 if right == requests else 1


def _upload(url: str) -> str:
    boundary = "sketch-boundary"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="s.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    body += SKETCH.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/upload", body, kind)) as answer:
        return json.load(answer)[0]


def _ask(url: str, sketch: str, number: int) -> Answer:
    """Color once. Each request has other tags, so that a mixed-up answer shows."""
    tags = [f"{COLORS[number % 4]}_hair", f"{COLORS[number // 4 % 4]}_eyes"]
    file = {"path": sketch, "meta": {"_type": "gradio.FileData"}}
    data = {"data": [file, tags, "", "none", False, "as painted", "", "png", False]}
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/call/color", json.dumps(data).encode(), kind)
    with urllib.request.urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    queued = time.perf_counter()
    with urllib.request.urlopen(f"{url}/call/color/{event}") as stream:
        text = stream.read().decode()
    answered = time.perf_counter()
    kind, _, rest = text.rpartition("event: ")[2].partition("\n")
    if kind != "complete":
        return Answer(queued, answered, 0, False)
    about = json.loads(rest.partition("data: ")[2])[1]
    return Answer(queued, answered, about["seconds"], about["tags"] == tags)


def _resident_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    sys.exit(main())
