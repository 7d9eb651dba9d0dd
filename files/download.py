"""Fetching the few files that come from elsewhere, so that a wrong one is never taken for right."""

import hashlib
import os
import shutil
from pathlib import Path

from errors import InputError
from files.atomic import atomic_path

TIMEOUT_SECONDS = 30


def sha256_of(path: str | os.PathLike) -> str:
    """SHA-256 of a file's content, in lower-case hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check_sha256(path: str | os.PathLike, expected: str) -> None:
    """Raise InputError when the content of a file is not the expected one."""
    found = sha256_of(path)
    if found != expected.lower():
        raise InputError(f"{path} is not the expected file: SHA-256 {found}, expected {expected}")


def fetch(url: str, target: str | os.PathLike, sha256: str | None = None) -> None:
    """Download `url` (https) to `target`; the name appears only on a complete, checked file.

    Raises InputError naming the file, the address and the place to put it by hand.
    """
    # Imported here because every worker process imports this module, and hardly any downloads.
    import urllib.request

    if not url.startswith("https://"):
        raise ValueError(f"downloads are over https only, not {url}")
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    print(f"downloading {url}")
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "tag2pix"})
        with atomic_path(target) as temporary:
            with (
                urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response,
                temporary.open("wb") as file,
            ):
                shutil.copyfileobj(response, file)
            if sha256:
                check_sha256(temporary, sha256)
    except InputError as error:
        raise InputError(f"the download of {target.name} is wrong: {error}") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"cannot download {target.name} ({reason}): get {url} by hand and put it at {target}"
        ) from error
