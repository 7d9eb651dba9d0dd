"""Finding the 512 px image of an id, and putting it into a folder of the data set."""

import errno
import os
import shutil
from pathlib import Path

from loader.files import atomic_path

IMAGE_SUFFIXES = (".jpg", ".png", ".jpeg", ".webp")


def place(item: tuple[int, str], *, dataset: Path, link: bool, dry_run: bool) -> bool:
    """Copy or hard-link the 512 px image of (id, folder) into the folder; False if there is none.

    Copies keep the time of the image. Where the file system cannot link, a copy is made.
    """
    file_id, folder = item
    source = find_image(dataset / "512px", file_id)
    if source is None or dry_run:
        return source is not None
    target = dataset / folder / f"{file_id}{source.suffix}"
    if link and _link(source, target):
        return True
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
        status = source.stat()
        os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
    return True


def find_image(folder: Path, file_id: int) -> Path | None:
    """The image of an id in `folder`: 0123/45123.jpg, 45123.jpg, or another suffix of an image."""
    for place in (f"{folder}/{file_id % 1000:04d}", folder):
        for suffix in IMAGE_SUFFIXES:
            path = f"{place}/{file_id}{suffix}"
            if os.path.isfile(path):  # noqa: PTH113 (a dump has millions; Path is slower)
                return Path(path)
    return None


def _link(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        return False
    return True
