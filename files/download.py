"""Fetching the few files that come from elsewhere, so that a wrong one is never taken for right."""

import os
from pathlib import Path

from errors import InputError
from files.atomic import atomic_path
from files.checksum import sha256_of

TIMEOUT_SECONDS = 30
CHUNK = 1 << 16


def check_sha256(path: str | os.PathLike, expected: str) -> None:
    """Raise InputError when the SHA-256 of a file does not begin with these hexadecimal digits."""
    found = sha256_of(path)
    if not found.startswith(expected.lower()):
        raise InputError(f"{path} is not the expected file: SHA-256 {found}, expected {expected}")


def fetch(url: str, target: str | os.PathLike, sha256: str | None = None) -> None:
    """Download `url` (https) to `target`; the name appears only on a complete, checked file.

    `sha256` are the first or all hexadecimal digits of its SHA-256. Raises InputError naming the
    file, the address and the place to put it by hand.
    """
    # Imported here because every worker process imports this module, and hardly any downloads.
    import pooch

    if not url.startswith("https://"):
        raise ValueError(f"downloads are over https only, not {url}")
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    print(f"downloading {url}")
    download = pooch.HTTPDownloader(
        progressbar=True,
        chunk_size=CHUNK,
        timeout=TIMEOUT_SECONDS,
        hooks={"response": _refuse_plain_http},
    )
    try:
        with atomic_path(target) as temporary:
            download(url, temporary, None)
            if sha256:
                check_sha256(temporary, sha256)
    except InputError as error:
        raise InputError(f"the download of {target.name} is wrong: {error}") from error
    except OSError as error:
        raise InputError(
            f"cannot download {target.name} ({error}): get {url} by hand and put it at {target}"
        ) from error


def _refuse_plain_http(response, **_) -> None:
    if not response.url.startswith("https://"):
        raise InputError(f"it is sent on to {response.url}, which is not https")
