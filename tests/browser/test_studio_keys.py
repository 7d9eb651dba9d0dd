"""Keyboard, screen readers, and what the page needs of Gradio."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from steps import RESULT, TESTSET, choose, clear, color, load, ready, upload

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
def test_axe_finds_nothing_serious(page, studio, axe, mode, tmp_path):
    page.goto(f"{studio.url}?__theme={mode}")
    ready(page)
    page.add_script_tag(path=axe)
    load(page)
    color(page)
    assert not _serious(page)
    # Everything that is not always there: notices, tags that are not known, variations, cleanup.
    page.click("#weights input")
    page.get_by_role("option", name="taught").click()
    expect(page.locator(".picker-unknown")).to_be_visible()
    Image.new("L", (90, 90), 255).save(tmp_path / "blank.png")
    upload(page, [tmp_path / "blank.png", tmp_path / "blank.png"])
    expect(page.locator("#notice")).to_contain_text("2 files")
    page.click("#photo")
    expect(page.locator("#preview img")).to_be_visible()
    page.click("#cleanup >> text=Clean up the lines first")
    page.click("#vary")
    expect(page.locator("#grid img")).to_have_count(2)
    clear(page)
    assert not _serious(page)


def _serious(page) -> str:
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return "\n".join(
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    )


def _focused(page) -> str:
    return page.evaluate(
        "() => { const e = document.activeElement;"
        " return e.id || e.dataset.tag || e.getAttribute('aria-label')"
        "  || (e.closest('label') ?? e).textContent.trim() || e.className }"
    )


def _tab_to(page, stop: str) -> None:
    """Press Tab until what is called so has the focus."""
    stops = []
    for _ in range(2 * TABS):
        page.keyboard.press("Tab")
        stops.append(_focused(page))
        if stops[-1] == stop:
            return
    raise AssertionError(f"Tab does not come to {stop}: {stops}")


def test_an_artist_colors_with_the_keyboard_alone(page):
    """From an empty page to a saved file."""
    _tab_to(page, "Choose sketch files")
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "Remove"
    page.keyboard.press("Enter")
    expect(page.locator("#sketch img")).to_have_count(0)
    # The answer takes the old picture away, and draws what has the focus anew.
    expect(page.locator(RESULT)).to_have_count(0)
    page.wait_for_timeout(500)
    expect(page.get_by_label("Choose sketch files")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(TESTSET / "85.png")
    expect(page.locator("#sketch img[data-name='85']")).to_be_visible()
    _tab_to(page, "blonde_hair")
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "brown_hair"
    page.keyboard.press("Enter")
    expect(page.locator("[data-tag=brown_hair]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status")).to_contain_text("brown hair")
    _tab_to(page, "save")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert "brown_hair" in started.value.suggested_filename


def test_few_tab_stops_lead_to_everything(page):
    """Also to what is not always there: history, batch, variations, cleanup."""
    stops = _stops(page)
    assert "Use via API" in stops[-1] and len(stops) <= TABS - 2, stops
    upload(page, [TESTSET / "2.png", TESTSET / "85.png"])
    expect(page.locator("#batch")).to_be_visible()
    color(page)
    page.click("#vary")
    expect(page.locator("#sheet")).to_be_visible()
    page.click("#cleanup >> text=Clean up the lines first")
    page.locator("#method input").nth(1).check()
    expect(page.get_by_label("Threshold").first).to_be_visible()
    page.locator("#what input").fill("random")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_be_visible()
    stops = _stops(page)
    assert {"Weights", "Choose sketch files", "Size", "4", "Example 2"} < set(stops)
    assert not [stop for stop in stops if "number input" in stop], stops
    assert "Use via API" in stops[-1] and len(stops) <= TABS, stops


def test_random_palettes_are_as_many_as_asked(page):
    page.locator("#what input").fill("random")
    page.keyboard.press("Enter")
    for number in ("4", "16"):
        page.locator("#count").get_by_label(number, exact=True).check()
        page.click("#vary")
        expect(page.locator("#grid button")).to_have_count(int(number))


def _stops(page) -> list[str]:
    """Press Tab from the start to the end of the page."""
    page.evaluate("document.activeElement.blur(); getSelection().empty()")
    page.mouse.click(2, 2)
    stops = []
    while len(stops) < 4 * TABS:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        stops.append(_focused(page))
    return stops


def test_arrow_keys_reach_every_control_of_a_group(page):
    """A checkbox and an exact color among them."""
    page.locator("[data-remove=pink_hair]").focus()
    page.keyboard.press("ArrowLeft")
    assert _focused(page) == "Exact color of hair"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.className") == "picker-several"
    page.keyboard.press("Space")
    expect(page.locator(".picker-several")).to_be_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "picker-several"
    page.focus("#color")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    expect(page.locator("#live input")).to_be_checked()
    page.focus("#photo")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#invert")).to_be_visible()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#method input").nth(1)).to_be_checked()
    page.locator("[data-tag=blonde_hair]").focus()
    page.keyboard.press("End")
    page.keyboard.press("Space")
    expect(page.locator("[data-tag=black_bikini]")).to_be_visible()


def test_buttons_of_a_toolbar_are_one_tab_stop(page):
    load(page)
    expect(page.locator("#undo")).to_be_enabled()
    page.focus("#color")
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "undo"
    page.keyboard.press("Enter")
    expect(page.locator("#sketch img[data-name='2']")).to_be_visible()
    expect(page.locator("#redo")).to_be_enabled()
    page.focus("#color")
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "redo"  # nothing is left to undo


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
    page.click(".sketch-remove")
    expect(page.locator("#sketch img")).to_have_count(0)
    page.click("#color")
    said = page.get_by_role("status").filter(has_text="load a sketch first")
    expect(said).to_have_attribute("aria-live", "polite")
    # Said once, and not on every part of the page.
    expect(page.get_by_text("Error", exact=True)).to_have_count(2)


def test_what_the_page_needs_of_gradio_is_there(page):
    """Where this fails, Gradio changed: see studio/widgets.py and style.css."""
    for name in ("color", "undo", "redo", "save", "cancel", "vary", "photo"):
        assert page.locator(f"button#{name}").count() == 1, name
    # Names in style.css.
    assert page.locator(".gradio-container .main.fillable").count() == 1
    assert page.locator("[data-testid=block-info]").count() > 3
    # What page.js takes from the Tab stops.
    page.locator("#what input").focus()
    expect(page.locator("ul[role=listbox]")).to_have_attribute("tabindex", "-1")
    page.click("#cleanup >> text=Clean up the lines first")
    page.locator("#method input").nth(1).check()
    expect(page.get_by_label("number input for Threshold")).to_have_attribute("tabindex", "-1")
    # gr.HTML: templates, `props`, `trigger`, `upload` and `watch`.
    load(page)
    clear(page)
    choose(page, "blue_hair")
    color(page)
    assert len(page.input_value("#key textarea, #key input")) == 64
