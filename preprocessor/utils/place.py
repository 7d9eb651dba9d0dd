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
    bucket = folder / f"{file_id % 1000:04d}"
    paths = (place / f"{file_id}{s}" for place in (bucket, folder) for s in IMAGE_SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _link(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        return False
    return True
