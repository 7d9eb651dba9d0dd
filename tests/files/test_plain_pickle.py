"""Pickles of a few bytes that ask for gigabytes, and what is no file at all."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from errors import InputError
from files.plain_pickle import read_plain_pickle

ROOT = Path(__file__).parents[2]
EIGHT_GIB = struct.pack("<Q", 8 << 30)
BOMBS = {
    "memo": b"\x80\x04Nr\xff\xff\xff\x7f.",
    "bytes": b"\x80\x04\x8e" + EIGHT_GIB + b".",
    "text": b"\x80\x04\x8d" + EIGHT_GIB + b".",
    "array": b"\x80\x05\x96" + EIGHT_GIB + b".",
    "frame": b"\x80\x04\x95" + EIGHT_GIB + b"].",
    "long": b"\x80\x04\x8b\xff\xff\xff\x7f.",
}
PROGRAM = """
import resource, sys
from errors import InputError
from files.plain_pickle import read_plain_pickle
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_plain_pickle(sys.argv[1], "a table", "make one")
except InputError as error:
    print(error, file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("kind", BOMBS)
def test_a_few_bytes_take_no_memory(kind, tmp_path):
    path = tmp_path / "x.pkl"
    path.write_bytes(BOMBS[kind])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert int(done.stdout) < 50_000  # KiB
    assert not done.stderr or done.stderr.startswith(f"{path} is not a table (")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_not_waited_for(kind, tmp_path):
    path = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "folder": tmp_path}[kind]
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(InputError, match="not a regular file"):
        read_plain_pickle(path, "a table", "make one")
