"""A studio as a user starts it, and the browser to look at it with."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


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
