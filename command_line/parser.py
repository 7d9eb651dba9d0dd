"""What all scripts read their arguments with: wrong use is one line."""

import argparse
from pathlib import Path
from typing import NoReturn

from command_line import console

SHOWN = 200  # characters of a message that repeats something endless


class Parser(argparse.ArgumentParser):
    """Reports wrong use in one line, and fails where the text of --help does not arrive."""

    def error(self, message: str) -> NoReturn:
        if len(message) > 2 * SHOWN:
            message = f"{message[:SHOWN]}… …{message[-SHOWN // 2 :]}"
        self.exit(2, f"{message}; see --help\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            self._print_message(message)
        console.end(status)


def filled(text: str) -> str:
    """An argument that may not be empty: as a path that would be the present folder by accident."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    if "\0" in text:
        raise argparse.ArgumentTypeError("the name holds a zero byte")
    return text


def path_name(text: str) -> str:
    """An argument that names a file or folder. Where the shell has left a user's home as `~` or
    `~name`, it is put in; a name that begins so and exists is itself."""
    first = Path(filled(text).partition("/")[0])
    if not text.startswith("~") or first.exists():
        return text
    try:
        return str(Path(text).expanduser())
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"{text}: there is no such user") from None


def path(text: str) -> Path:
    """The same as a Path."""
    return Path(path_name(text))
