"""Files are written whole, and in the place of files only."""

import os
import stat

import pytest

from errors import InputError
from files.atomic import atomic_path
from files.folders import make_folder


def test_a_pipe_or_device_stays_what_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="a device or a pipe"), atomic_path(pipe) as temporary:
        temporary.write_bytes(b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_full_disk_says_which_file(tmp_path):
    """The limit of a file's size is met as a full disk is; neither error has a name."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError) as caught, atomic_path(tmp_path / "big") as temporary:
            temporary.write_bytes(bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.filename == str(tmp_path / "big")
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_a_folder_is_said(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be a folder"):
            make_folder(path)
    assert make_folder(tmp_path / "a" / "b").is_dir()
