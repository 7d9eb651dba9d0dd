"""The studio in a real browser: what an artist does."""

import zipfile

import pytest
from conftest import LEARNED
from PIL import Image
from playwright.sync_api import expect
from steps import (
    RESULT,
    TESTSET,
    choose,
    clear,
    color,
    download,
    load,
    pixels,
    ready,
)

pytestmark = pytest.mark.browser


def test_an_artist_colors_a_sketch_changes_a_tag_and_saves(page):
    load(page)
    expect(page.locator(RESULT)).to_have_count(0)
    clear(page)
    choose(page, "blue_hair", "red_eyes")
    first = color(page)
    expect(page.locator("#status")).to_contain_text("blue hair")
    expect(page.locator("#status")).to_contain_text(" s on CPU")
    assert pixels(page, first).size == (512, 512)

    choose(page, "green_hair")
    expect(page.locator(".picker-chip")).to_have_count(2)
    second = color(page)
    assert pixels(page, first).convert("RGB").tobytes() != (
        pixels(page, second).convert("RGB").tobytes()
    )

    name, path = download(page, "#save")
    assert name == "85-red_eyes-green_hair.png"
    assert set(Image.open(path).text["tags"].split()) == {"green_hair", "red_eyes"}

    expect(page.locator("#history button span")).to_have_text(["green hair", "blue hair"])
    page.click("#history button >> nth=1")
    expect(page.locator(RESULT)).to_have_attribute("src", first)
    expect(page.locator("[data-tag=blue_hair]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-tag=green_hair]")).to_have_attribute("aria-pressed", "false")


def test_a_newcomer_sees_three_steps_and_an_example_already_colored(page):
    expect(page.locator(".step h2")).to_have_text(["1 Sketch", "2 Colors", "3 Result"])
    expect(page.locator("#sketch img")).to_be_visible()
    expect(page.locator(RESULT)).to_be_visible()
    expect(page.locator(".picker-chip")).to_have_count(3)
    expect(page.locator("#status")).to_contain_text("pink hair, blue eyes, white background")


def test_several_colors_of_one_part_when_asked(page):
    clear(page)
    page.check(".picker-several")
    choose(page, "blue_hair", "green_hair")
    expect(page.locator(".picker-chip")).to_have_count(2)
    page.click("[data-remove=blue_hair]")
    expect(page.locator(".picker-chip")).to_contain_text("green hair")
    page.click("[data-clear]")
    expect(page.locator(".picker-chip")).to_have_count(0)


def test_search_knows_other_words_and_typos(page):
    clear(page)
    for words, tags in {
        "Blue H": ["blue_hair"],
        "yellow hair": ["blonde_hair"],
        "gray eyes": ["grey_eyes", "silver_eyes"],
        "red skrit": ["red_skirt"],
    }.items():
        page.fill(".picker-find", words)
        expect(page.locator("[data-tag]:not(.picker-link)")).to_have_count(len(tags))
        for tag in tags:
            expect(page.locator(f"[data-tag={tag}]")).to_be_visible()
    page.fill(".picker-find", "zzz")
    expect(page.locator(".picker-sections")).to_contain_text("No tag has that in its name")
    page.fill(".picker-find", "")
    expect(page.locator("[data-tag]")).to_have_count(115 - 8)
    page.check(".picker-private")
    expect(page.locator("[data-tag]")).to_have_count(115)
    expect(page.locator("[data-tag=black_bikini]")).to_be_visible()


def test_hints_where_no_tag_and_no_background_is_chosen(page):
    clear(page)
    expect(page.locator(".picker")).to_contain_text("No colors chosen yet")
    choose(page, "blue_hair")
    expect(page.locator(".picker")).to_contain_text("No background chosen")
    page.click(".picker-link")
    expect(page.locator(".picker")).not_to_contain_text("No background chosen")


def test_example_and_live_coloring(page):
    page.click("#examples button >> nth=1")
    expect(page.locator("#sketch img[data-name='49']")).to_be_visible()
    page.check("#live input")
    choose(page, "red_hair")
    expect(page.locator("#status")).to_contain_text("red hair")
    choose(page, "aqua_eyes")
    expect(page.locator("#status")).to_contain_text("aqua eyes")


def test_clicks_that_come_while_a_picture_is_made_are_not_lost(page, tmp_path):
    """Live or not, what is shown in the end has the last tag, and is finished."""
    sketch = Image.open(TESTSET / "85.png").convert("L").resize((2000, 2000))
    sketch.save(tmp_path / "large.png")
    load(page, tmp_path / "large.png")
    for tag in ("red_hair", "green_hair", "blue_hair"):
        choose(page, tag)
        page.click("#color")
    expect(page.locator("#status")).to_contain_text("blue hair")
    expect(page.locator("#status")).not_to_contain_text("finishing", timeout=60_000)
    assert page.locator(RESULT).evaluate("i => i.decode().then(() => i.naturalWidth)") == 2000
    page.check("#live input")
    choose(page, "red_hair", "green_hair", "white_hair", "pink_hair")
    expect(page.locator("#status")).to_contain_text("pink hair")
    expect(page.locator("#status")).not_to_contain_text("finishing", timeout=60_000)
    assert page.locator(RESULT).evaluate("i => i.decode().then(() => i.naturalWidth)") == 2000


def test_exact_colors_are_chosen_beside_a_tag_and_said_in_the_file(page):
    load(page)
    clear(page)
    choose(page, "blue_hair")
    page.locator("input[data-part=hair]").fill("#123456")
    expect(page.locator(".picker-chip")).to_contain_text("#123456")
    color(page)
    _, path = download(page, "#save")
    assert Image.open(path).text["exact"] == "hair=#123456"
    page.click("[data-remove=blue_hair]")
    expect(page.locator(".picker-chip")).to_have_count(0)


def test_variations_in_a_grid_as_zip_and_as_sheet(page):
    load(page)
    clear(page)
    choose(page, "blue_hair")
    page.click("#what input")
    page.get_by_role("option", name="hat", exact=True).click()
    page.click("#vary")
    expect(page.locator("#grid img")).to_have_count(2)
    name, path = download(page, "#zip")
    assert name == "85_variations.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "01_85-blue_hair-black_hat.png", "02_85-blue_hair-white_hat.png",
        ]  # fmt: skip
        with archive.open("01_85-blue_hair-black_hat.png") as file:
            assert Image.open(file).size == (512, 512)
    name, path = download(page, "#sheet")
    assert Image.open(path).width > 2 * 32
    page.click("#grid button >> nth=1")
    expect(page.locator("#status")).to_contain_text("white hat")
    expect(page.locator(RESULT)).to_be_in_viewport()
    name, path = download(page, "#save")
    assert Image.open(path).text["tags"] == "blue_hair white_hat"


def test_cleanup_shows_the_lines_that_are_colored(page):
    load(page)
    page.click("#cleanup >> text=Clean up the lines first")
    page.get_by_label("XDoG (photo, gray)").check()
    expect(page.locator("#preview img")).to_be_visible()
    choose(page, "blue_hair")
    color(page)
    page.get_by_label("As it is").check()
    expect(page.locator("#preview img")).to_have_count(0)
    page.click("#history button >> nth=0")
    expect(page.locator("#preview img")).to_be_visible()


def test_a_picture_dropped_on_the_page_replaces_the_sketch(page):
    load(page)
    content = list((TESTSET / "2.png").read_bytes())
    page.evaluate(
        """(content) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(content)], 'dropped.png', {type: 'image/png'}));
          document.querySelector('#picker').dispatchEvent(
            new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        content,
    )
    expect(page.locator("#sketch img[data-name='dropped']")).to_be_visible()
    page.evaluate(
        """(content) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(content)], 'pasted.png', {type: 'image/png'}));
          document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
        }""",
        content,
    )
    expect(page.locator("#sketch img[data-name='pasted']")).to_be_visible()


def test_two_tabs_keep_their_own_pictures(open_tab):
    left, right = open_tab(), open_tab()
    load(left, TESTSET / "85.png")
    load(right, TESTSET / "2.png")
    for tab, tag in ((left, "blue_hair"), (right, "red_hair")):
        clear(tab)
        choose(tab, tag)
    left.click("#color")
    right.click("#color")
    for tab, own, other in ((left, "blue", "red"), (right, "red", "blue")):
        expect(tab.locator("#status")).to_contain_text(f"{own} hair")
        expect(tab.locator("#status")).not_to_contain_text(f"{other} hair")
        expect(tab.locator("#history img")).to_have_count(1)
    assert download(left, "#save")[0] == "85-blue_hair.png"
    assert download(right, "#save")[0] == "2-red_hair.png"


def test_other_weights_can_be_chosen(page):
    load(page)
    page.click("#weights input")
    page.get_by_role("option", name="other").click()
    choose(page, "blue_hair")
    color(page)
    expect(page.locator("#status")).to_contain_text("other")


def test_tags_that_the_weights_never_saw_stand_apart_faded(page):
    opacity = "swatch => Number(getComputedStyle(swatch).opacity)"
    expect(page.locator(".picker-learned")).to_contain_text("do not say which tags")
    expect(page.locator(".picker-unknown")).to_have_count(0)
    page.click("#weights input")
    page.get_by_role("option", name="taught").click()
    expect(page.locator(".picker-learned")).to_contain_text(
        "have learned hair (2 of 15), eyes (1 of 12), background (1 of 13)"
    )
    expect(page.locator(".picker-unknown [data-tag]")).to_have_count(115 - 8 - len(LEARNED))
    for tag in LEARNED:
        known = page.locator(f".picker-sections > section [data-tag={tag}]")
        expect(known).to_be_visible()
        assert known.locator("i").evaluate(opacity) == 1
    unknown = page.locator(".picker-unknown [data-tag=red_skirt]")
    assert unknown.locator("i").evaluate(opacity) < 0.5
    assert unknown.bounding_box()["y"] > known.bounding_box()["y"]
    page.click("#what input")
    expect(page.get_by_role("option")).to_have_count(4)
    for thing in ("random palettes", "hair", "eyes", "background"):
        expect(page.get_by_role("option", name=thing, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    clear(page)
    choose(page, "red_skirt")
    color(page)
    expect(page.locator("#status")).to_contain_text("red skirt")


def test_coloring_nothing_is_answered_in_the_page(page):
    page.click(".sketch-remove")
    expect(page.locator("#sketch img")).to_have_count(0)
    expect(page.locator(RESULT)).to_have_count(0)
    page.click("#color")
    expect(page.get_by_text("load a sketch first")).to_be_visible()


def test_usable_on_a_phone(browser, studio):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    phone = context.new_page()
    phone.goto(studio.url)
    ready(phone)
    load(phone)
    clear(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.tap("[data-tag=blue_hair]")
    phone.tap("#color")
    expect(phone.locator(RESULT)).to_be_in_viewport()
    phone.locator("[data-tag=white_shirt]").scroll_into_view_if_needed()
    expect(phone.locator(RESULT)).to_be_in_viewport()
    expect(phone.locator("#status")).to_contain_text("blue hair")
    context.close()


@pytest.mark.parametrize("width", [390, 1280, 1500])
def test_no_text_of_the_controls_is_cut(browser, studio, width):
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(studio.url)
    ready(page)
    cut = page.evaluate(
        """() => [...document.querySelectorAll(
            '#actions button, #actions label, #saving input, #saving label, #saving button,'
            + '#varying input, #varying button, .sketch-tools *, .picker-tools *')]
          .filter((e) => e.offsetParent && e.type !== 'file')
          .filter((e) => getComputedStyle(e).display !== 'inline')
          .filter((e) => e.scrollWidth > e.clientWidth + 1
            || e.getBoundingClientRect().right > innerWidth)
          .map((e) => [e.tagName, e.id, e.textContent, e.scrollWidth, e.clientWidth])"""
    )
    assert cut == []
    context.close()
