"""Drawings to measure with are drawn once for all tests: every measurement asks for the same."""

import pytest

from drawn_art.styles import STYLES
from evaluation.drawings import HeldOutDrawings


@pytest.fixture(scope="session", autouse=True)
def drawn_once():
    draw, drawn = HeldOutDrawings.__getitem__, {}

    def once(self, index):
        key = STYLES[self.style].choose, self.size, index
        if index >= len(self) or key not in drawn:
            drawn[key] = draw(self, index)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HeldOutDrawings, "__getitem__", once)
        yield
