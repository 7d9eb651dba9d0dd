"""Whether a file is the one that was meant."""

import hashlib
import os
from pathlib import Path

BLOCK = 1 << 20


def sha256_of(path: str | os.PathLike) -> str:
    """SHA-256 of a file's content, in lower-case hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
