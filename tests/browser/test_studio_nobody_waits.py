"""Color is answered while another tab's long work is under way: that work is held in its middle
until Color is done, so that the order shows it and not a clock."""

import threading

import pytest
from conftest import PATIENCE
from playwright.sync_api import expect
from started import free_port
from steps import RESULT, choose, clear, color, load, ready

from command_line.options import parse
from studio import painting, serve
from studio.actions import Studio
from studio.saving import Saving
from studio.session import Session
from studio.sketch import Limits
from studio.weights import Weights

pytestmark = pytest.mark.browser


class Held:
    """Work that stops when it comes to a function, until it is let go."""

    def __init__(self):
        self.reached, self._let_go = threading.Event(), threading.Event()

    def before(self, function, is_meant=lambda *values: True):
        def wait_and_call(*values, **named):
            if is_meant(*values):
                self.reached.set()
                self._let_go.wait()
            return function(*values, **named)

        return wait_and_call

    def let_go(self) -> None:
        self._let_go.set()


@pytest.fixture
def held():
    work = Held()
    yield work
    work.let_go()


@pytest.fixture
def two_tabs(browser, held, small_checkpoint, tmp_path):
    """Of a studio in this process, where its work can be held."""
    studio = Studio(
        Weights(parse(["--gui", "--cpu", f"--load={small_checkpoint}"])), Limits(), tmp_path
    )
    app = serve.launch(studio, "127.0.0.1", free_port(), None)
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    tabs = []
    for _ in range(2):
        tabs.append(context.new_page())
        tabs[-1].goto(app.local_url)
        ready(tabs[-1])
        load(tabs[-1])
    yield tabs
    held.let_go()
    context.close()
    studio.sessions.close()
    app.close(verbose=False)


def _color_while_held(artist, held) -> None:
    assert held.reached.wait(PATIENCE / 1000)
    clear(artist)
    choose(artist, "blue_hair")
    color(artist)
    expect(artist.locator("#status")).to_contain_text("blue hair")
    expect(artist.locator("#status")).not_to_contain_text("finishing")
    expect(artist.locator(RESULT)).to_be_visible()


def test_color_does_not_wait_for_variations(two_tabs, held, monkeypatch):
    """One is painted, the next is not; see also the order of painting in tests/studio."""
    busy, artist = two_tabs
    busy.click("#what input")
    busy.get_by_role("option", name="hat", exact=True).click()

    def is_variation(session, painted, *others) -> bool:
        return "black_hat" in painted.tags

    monkeypatch.setattr(Session, "keep", held.before(Session.keep, is_variation))
    busy.click("#vary")
    _color_while_held(artist, held)
    expect(busy.locator("#grid img")).to_have_count(0)
    held.let_go()
    expect(busy.locator("#grid img")).to_have_count(2)


@pytest.mark.parametrize("made_with", [painting.OWN_LINES, "LANCZOS"])
def test_color_does_not_wait_for_a_save(two_tabs, held, monkeypatch, made_with):
    """Written as it is shown, or enlarged for it."""
    busy, artist = two_tabs
    color(busy)
    if made_with == painting.OWN_LINES:
        monkeypatch.setattr(Saving, "_write", held.before(Saving._write))
    else:
        monkeypatch.setattr(painting, "enlarge", held.before(painting.enlarge))
        busy.get_by_label("Made with").click()
        busy.get_by_role("option", name=made_with).click()
    downloads = []
    busy.on("download", lambda file: downloads.append(file))
    busy.click("#save")
    _color_while_held(artist, held)
    assert not downloads
    with busy.expect_download() as started:
        held.let_go()
    assert started.value.suggested_filename.startswith("85-")
