"""A started studio, and Debian's Chromium to look at it with."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
import torch
from started import CHROMIUM, StartedStudio

from checkpoints.writing import save
from loader.tags import load_vocabulary

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# `make test-browser` installs these; the other tests do without them.
if not (find_spec("playwright") and find_spec("gradio")):
    collect_ignore_glob = ["test_*.py"]

PATIENCE = 30_000
LEARNED = ("blue_hair", "green_hair", "blue_eyes", "white_background")


@pytest.fixture(scope="session")
def studio(small_checkpoint, tmp_path_factory) -> Iterator[StartedStudio]:
    folder = tmp_path_factory.mktemp("choice")
    shutil.copy(small_checkpoint, folder / "other.pkl")
    content = torch.load(small_checkpoint, weights_only=True)
    ids = load_vocabulary().ids
    content["tag2pix"]["seen"] = {ids[tag]: 9 for tag in LEARNED} | {ids["red_skirt"]: 0}
    save(content, folder / "taught.pkl")
    started = StartedStudio(f"--load={small_checkpoint}", f"--weights_dir={folder}")
    yield started
    assert started.close() == 0, "".join(started.lines)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    assert CHROMIUM, "no Chromium: apt-get install chromium, or set CHROMIUM to its path"
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        # Chromium refuses to run as root inside its sandbox.
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_tab(browser, studio):
    """Opens tabs of one browser window, each on a new page of the studio."""
    from steps import ready

    context = browser.new_context(viewport={"width": 1500, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)

    def open_one() -> "Page":
        tab = context.new_page()
        tab.requested = []
        tab.on("request", lambda request: tab.requested.append(request.url))
        tab.goto(studio.url)
        ready(tab)
        return tab

    yield open_one
    context.close()


@pytest.fixture
def page(open_tab) -> "Page":
    return open_tab()
