"""Keyboard, screen readers, and what the page needs of Gradio."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect
from steps import RESULT, choose, clear, color, load, ready

pytestmark = pytest.mark.browser

TABS = 20


@pytest.fixture(scope="session")
def axe(tmp_path_factory) -> Path:
    """axe-core, from npm."""
    if shutil.which("npm") is None:
        pytest.skip("no npm, from which axe-core comes")
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--prefix", str(folder), "axe-core@4"],
        check=True,
    )
    return folder / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_serious(page, studio, axe, mode):
    page.goto(f"{studio.url}?__theme={mode}")
    ready(page)
    load(page)
    color(page)
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    serious = [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]
    assert not serious, "\n".join(serious)


def _focused(page) -> str:
    return page.evaluate(
        "() => { const e = document.activeElement;"
        " return e.id || e.dataset.tag || e.getAttribute('aria-label') || e.className }"
    )


def test_an_artist_colors_with_the_keyboard_alone(page):
    stops = []
    for _ in range(TABS):
        page.keyboard.press("Tab")
        stops.append(_focused(page))
        if stops[-1] == "blonde_hair":
            break
    assert "Choose sketch files" in stops, stops
    assert stops[-1] == "blonde_hair", stops
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "brown_hair"
    page.keyboard.press("Enter")
    expect(page.locator("[data-tag=brown_hair]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status")).to_contain_text("brown hair")


def test_few_tab_stops_lead_to_everything(page):
    count = page.evaluate(
        """() => [...document.querySelectorAll('button, input, a[href], select, textarea')]
             .filter((e) => e.tabIndex >= 0 && !e.disabled && e.offsetParent
             && document.querySelector('#color').compareDocumentPosition(e)
               & Node.DOCUMENT_POSITION_PRECEDING).length"""
    )
    assert count <= TABS


def test_the_slider_moves_by_keys(page):
    slider = page.get_by_label("Where the colored picture begins")
    slider.focus()
    before = page.evaluate("getComputedStyle(document.querySelector('.compare-over')).clipPath")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = page.evaluate("getComputedStyle(document.querySelector('.compare-over')).clipPath")
    assert before.endswith("8%)") and after.endswith("13%)")


def test_results_and_errors_are_announced(page):
    expect(page.locator("#status")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#notice")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#examples button").first).to_have_attribute("aria-label", "Example 2")
    expect(page.locator(RESULT)).to_have_attribute(
        "alt", "Colored: pink hair, blue eyes, white background"
    )


def test_what_the_page_needs_of_gradio_is_there(page):
    """Where this fails, Gradio changed: see studio/widgets.py and style.css."""
    for name in ("color", "undo", "redo", "save", "cancel", "vary", "photo"):
        assert page.locator(f"button#{name}").count() == 1, name
    # gr.HTML: templates, `props`, `trigger`, `upload` and `watch`.
    load(page)
    clear(page)
    choose(page, "blue_hair")
    color(page)
    assert len(page.input_value("#key textarea, #key input")) == 64
