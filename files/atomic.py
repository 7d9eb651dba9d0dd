"""Writing files so that an interruption never leaves half of one, and none overwrites another."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import InputError

STEM_IN_TEMPORARY = 40  # so that names of any length have a temporary one


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name only when the block succeeds.

    The temporary file keeps the suffix (writers that choose a format by it work), is flushed to
    the disk before it is renamed, and is removed when the block raises. An OSError that does not
    say which file it is about, as that of a full disk, is given the name.
    """
    path = Path(path)
    _refuse_special(path)
    temporary = _temporary(path)
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = os.fspath(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_new(candidates: Iterable[Path], write: Callable[[Path], None]) -> Path:
    """Write a file under the first of the names that nobody has, and return it.

    `write` gets a temporary path. No other process can take the same name, and the name appears on
    a whole file only. Raises FileExistsError when all names are taken.
    """
    names = iter(candidates)
    first = next(names)
    temporary = _temporary(first)
    try:
        write(temporary)
        _flush(temporary)
        path = first
        while not _claim(temporary, path):
            path = next(names, None)
            if path is None:
                raise FileExistsError(errno.EEXIST, "every name is taken", str(first))
        return path
    finally:
        temporary.unlink(missing_ok=True)


def _claim(temporary: Path, path: Path) -> bool:
    """Give a file its name unless that is taken."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            return False
        temporary.replace(path)
    return True


def _refuse_special(path: Path) -> None:
    """Taking the name of a device or a pipe would remove it for everybody."""
    with contextlib.suppress(FileNotFoundError):
        kind = stat.S_IFMT(path.stat().st_mode)
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            raise InputError(f"{path} is a device or a pipe: name a file to write")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.stem[:STEM_IN_TEMPORARY]}.{os.getpid()}.tmp{path.suffix}")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
