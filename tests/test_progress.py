"""Bars in terminals alone; logs get a line now and then."""

import os
import subprocess
import sys

import pytest

import progress
from progress import Progress


def run(capsys, **options):
    for _ in Progress(range(4), desc="coloring", unit="img", **options):
        pass
    with Progress(total=100, initial=90, desc="epoch 1/2", unit="batch", **options) as bar:
        bar.update(3)
        bar.set_postfix(loss=1)
    return capsys.readouterr().err


def test_in_a_log_there_is_neither_a_bar_nor_a_line_before_a_minute(capsys):
    assert run(capsys) == ""


def test_in_a_log_a_line_says_how_far_long_work_is(capsys, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0)
    said = run(capsys).splitlines()
    assert said[:4] == [f"coloring: {number} of 4 img" for number in range(1, 5)]
    assert said[4:] == ["epoch 1/2: 93 of 100 batch"]


def test_what_is_disabled_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0)
    assert run(capsys, disable=True) == ""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal")
def test_in_a_terminal_there_is_a_bar():
    ours, theirs = os.openpty()
    code = (
        "from progress import Progress\n"
        "for _ in Progress(range(3), desc='coloring', ncols=70, nrows=9):\n    pass"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=theirs, cwd=progress.__file__[:-11]):
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 1024):
                said += part
        except OSError:
            pass  # how a pseudo terminal says that the other side is closed
    os.close(ours)
    assert b"coloring: 100%" in said
