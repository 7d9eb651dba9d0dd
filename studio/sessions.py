"""Sessions by the key that a browser tab keeps: a reload finds its work again."""

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from errors import InputError
from studio.session import Session

KEY = re.compile(r"[0-9a-f]{64}")
KEPT_SECONDS = 24 * 3600
MAX_SESSIONS = 500
CLOSING_SECONDS = 30
MAX_BYTES = 8 << 30


class Sessions:
    """Who knows the key, 256 random bits that the browser made, has the session.

    What nobody used for a day is removed; and what was used longest ago when there are more than
    MAX_SESSIONS, or they have more than MAX_BYTES on disk.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic):
        self.root, self.clock = root, clock
        self._sessions: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: str) -> Session:
        """The session of a key, a new one if nobody had it. Raises InputError for what is none."""
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise InputError("the page is not ready yet: try again")
        with self._lock:
            _, session = self._sessions.get(key, (0, None))
            # The folder's name is in addresses of pictures, so it must not tell the key.
            session = session or Session(self.root / secrets.token_hex(32))
            self._sessions[key] = self.clock(), session
            self._sessions.move_to_end(key)
            while len(self._sessions) > MAX_SESSIONS:
                self._remove(next(iter(self._sessions)))
        return session

    def sweep(self) -> None:
        """Remove what is over the limits; never a session that is at work."""
        with self._lock:
            now = self.clock()
            for key, (used, session) in list(self._sessions.items()):
                if now - used > KEPT_SECONDS and not session.workers:
                    self._remove(key)
            sizes = {key: _bytes(session.folder) for key, (_, session) in self._sessions.items()}
            for key in list(self._sessions):
                if sum(sizes.values()) <= MAX_BYTES:
                    break
                if not self._sessions[key][1].workers:
                    self._remove(key)
                    del sizes[key]

    def close(self) -> None:
        """End what is under way, and wait for it."""
        for _, session in self._sessions.values():
            session.cancel()
        end = time.monotonic() + CLOSING_SECONDS
        while any(s.workers for _, s in self._sessions.values()) and time.monotonic() < end:
            time.sleep(0.1)

    def _remove(self, key: str) -> None:
        _, session = self._sessions.pop(key)
        session.close()


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
