"""Files that are none: a pipe would be waited for, a device read for ever."""

import errno
import os
import stat
from pathlib import Path


def check_regular(path: str | os.PathLike) -> None:
    """Raises OSError unless the path is that of a regular file, or of a link to one."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
