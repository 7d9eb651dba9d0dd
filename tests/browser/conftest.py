"""A studio as a user starts it, and Debian's Chromium to look at it with."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE = 60_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class StartedStudio:
    """`python main.py --gui` in a process of its own."""

    def __init__(self, *flags: str):
        self.port = free_port()
        command = [sys.executable, "main.py", "--gui", "--cpu", f"--port={self.port}", *flags]
        self.process = subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"Tag2Pix studio: (\S+)", line):
                self.url = found[1]
                return
        pytest.fail(f"the studio did not start: {''.join(self.lines)}")

    def close(self) -> int:
        """Press Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        self.lines += self.process.communicate(timeout=60)[0].splitlines(keepends=True)
        return self.process.returncode


@pytest.fixture(scope="session")
def studio(small_checkpoint, tmp_path_factory) -> Iterator[StartedStudio]:
    folder = tmp_path_factory.mktemp("choice")
    shutil.copy(small_checkpoint, folder / "other.pkl")
    started = StartedStudio(f"--load={small_checkpoint}", f"--weights_dir={folder}")
    yield started
    assert started.close() == 0, "".join(started.lines)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium: apt-get install chromium, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        # Chromium refuses to run as root inside its sandbox.
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_tab(browser, studio):
    """Opens tabs of one browser window, each on a new page of the studio."""
    context = browser.new_context(viewport={"width": 1500, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)

    def open_one() -> Page:
        tab = context.new_page()
        tab.requested = []
        tab.on("request", lambda request: tab.requested.append(request.url))
        tab.goto(studio.url)
        tab.wait_for_selector("[data-tag=blue_hair]")
        return tab

    yield open_one
    context.close()


@pytest.fixture
def page(open_tab) -> Page:
    return open_tab()
