"""Reading pickles that hold data only."""

import io
import pickle
import stat
from pathlib import Path
from typing import Any

from errors import InputError


# The unpickler in Python, for the one in C makes room for whatever place in its memo, or length, a
# file of ten bytes names.
class _PlainUnpickler(pickle._Unpickler):
    dispatch = {
        code: load
        for code, load in pickle._Unpickler.dispatch.items()
        if code != pickle.BYTEARRAY8[0]  # makes room before it reads; no file of ours has it
    }

    def find_class(self, module: str, name: str):
        raise pickle.UnpicklingError(f"it refers to {module}.{name}")


def read_plain_pickle(path: str | Path, what: str, advice: str) -> Any:
    """Load a pickle of containers, numbers and strings; anything that needs an import is refused,
    so nothing in the file is executed.

    `what` the file should be and `advice` go into the InputError of a file that cannot be read.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise ValueError("not a regular file")
        return _PlainUnpickler(io.BytesIO(Path(path).read_bytes())).load()
    except OSError as error:
        raise InputError(f"cannot read {path}, {what}: {error.strerror}; {advice}") from error
    except Exception as error:
        reason = str(error).partition("\n")[0] or "it ends early"
        raise InputError(f"{path} is not {what} ({reason}); {advice}") from error
