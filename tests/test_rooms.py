"""Which room may import which: from the lower to the higher, and no arrow back."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

# From the bottom up; rooms in one row do not know each other.
ROWS = (
    ("errors", "progress"),
    ("files", "hardware"),
    ("images",),
    ("loader", "upscaling", "line_art", "finishing"),
    ("network", "drawn_art"),
    ("checkpoints",),
    ("engines",),
    ("command_line",),
    ("coloring", "tag2pix"),
    ("training", "evaluation", "studio", "preprocessor"),
)
LEVEL = {room: level for level, row in enumerate(ROWS) for room in row}


def imports_of(path: Path) -> set[str]:
    """The rooms that a file imports, at any place in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.partition(".")[0] for name in found} & LEVEL.keys()


def files_of(room: str) -> list[Path]:
    folder = PROJECT / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PROJECT / f"{room}.py"]


@pytest.mark.parametrize("room", LEVEL)
def test_a_room_imports_lower_ones_only(room):
    files = files_of(room)
    assert files
    upwards = {
        f"{path.relative_to(PROJECT)} imports {other}"
        for path in files
        for other in imports_of(path) - {room}
        if LEVEL[other] >= LEVEL[room]
    }
    assert not upwards


def test_every_package_is_a_room():
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    assert packages <= LEVEL.keys()
