"""The studio in a real browser: what an artist does."""

import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect
from steps import RESULT, TESTSET, choose, color, download, load, pixels, shown

pytestmark = pytest.mark.browser


def test_an_artist_colors_a_sketch_changes_a_tag_and_saves(page):
    load(page)
    choose(page, "blue_hair", "red_eyes")
    first = color(page)
    expect(page.locator("#status")).to_contain_text("blue hair")
    expect(page.locator("#status")).to_contain_text(" s on CPU")
    assert pixels(page, first).text["tags"] in ("blue_hair red_eyes", "red_eyes blue_hair")

    choose(page, "green_hair")
    expect(page.locator(".picker-chip")).to_have_count(2)
    second = color(page)
    assert pixels(page, first).convert("RGB").tobytes() != (
        pixels(page, second).convert("RGB").tobytes()
    )

    name, path = download(page, "#save")
    assert name == "85_colored.png"
    assert set(Image.open(path).text["tags"].split()) == {"green_hair", "red_eyes"}

    expect(page.locator("#history img")).to_have_count(2)
    page.click("#history .thumbnail-lg >> nth=1")
    expect(page.locator(RESULT)).to_have_attribute("src", first)
    expect(page.locator("[data-tag=blue_hair]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-tag=green_hair]")).to_have_attribute("aria-pressed", "false")


def test_several_colors_of_one_part_when_asked(page):
    page.check(".picker-several")
    choose(page, "blue_hair", "green_hair")
    expect(page.locator(".picker-chip")).to_have_count(2)
    page.click("[data-remove=blue_hair]")
    expect(page.locator(".picker-chip")).to_have_text("green hair×")
    page.click("[data-clear]")
    expect(page.locator(".picker-chip")).to_have_count(0)


def test_search_shows_what_contains_the_word(page):
    page.fill(".picker-find", "Blue H")
    expect(page.locator("[data-tag]")).to_have_count(1)
    choose(page, "blue_hair")
    page.fill(".picker-find", "zzz")
    expect(page.locator(".picker-sections")).to_contain_text("No tag has that in its name")
    page.fill(".picker-find", "")
    expect(page.locator("[data-tag]")).to_have_count(115)


def test_example_and_live_coloring(page):
    page.click("#examples .thumbnail-lg >> nth=0")
    expect(page.locator("#sketch img")).to_be_visible()
    page.check("#live input")
    choose(page, "pink_hair")
    expect(page.locator("#status")).to_contain_text("pink hair")
    choose(page, "aqua_eyes")
    expect(page.locator("#status")).to_contain_text("aqua eyes")


def test_variations_in_a_grid_as_zip_and_as_sheet(page):
    load(page)
    choose(page, "blue_hair")
    page.click("#what input")
    page.get_by_role("option", name="hat", exact=True).click()
    page.click("#vary")
    expect(page.locator("#grid img")).to_have_count(2)
    name, path = download(page, "#zip")
    assert name == "85_variations.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["01_blue_hair_black_hat.png", "02_blue_hair_white_hat.png"]
    name, path = download(page, "#sheet")
    assert Image.open(path).width > 2 * 32
    page.click("#grid .thumbnail-lg >> nth=1")
    expect(page.locator("#status")).to_contain_text("white hat")
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
    page.click("#history .thumbnail-lg >> nth=0")
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
    expect(page.locator("#sketch img[src*='/dropped.png']")).to_be_visible()
    page.evaluate(
        """(content) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(content)], 'pasted.png', {type: 'image/png'}));
          document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
        }""",
        content,
    )
    expect(page.locator("#sketch img[src*='/pasted.png']")).to_be_visible()


def test_two_tabs_keep_their_own_pictures(open_tab):
    left, right = open_tab(), open_tab()
    load(left, TESTSET / "85.png")
    load(right, TESTSET / "2.png")
    choose(left, "blue_hair")
    choose(right, "red_hair")
    left.click("#color")
    right.click("#color")
    for tab, own, other in ((left, "blue", "red"), (right, "red", "blue")):
        expect(tab.locator("#status")).to_contain_text(f"{own} hair")
        expect(tab.locator("#status")).not_to_contain_text(f"{other} hair")
        expect(tab.locator("#history img")).to_have_count(1)
    assert pixels(left, shown(left)).text["tags"] == "blue_hair"
    assert pixels(right, shown(right)).text["tags"] == "red_hair"
    assert download(left, "#save")[0] == "85_colored.png"
    assert download(right, "#save")[0] == "2_colored.png"


def test_other_weights_can_be_chosen(page):
    load(page)
    page.click("#weights input")
    page.get_by_role("option", name="other").click()
    choose(page, "blue_hair")
    color(page)
    expect(page.locator("#status")).to_contain_text("other")


def test_coloring_nothing_is_answered_in_the_page(page):
    page.click("#color")
    expect(page.get_by_text("load a sketch first")).to_be_visible()


def test_usable_on_a_phone(browser, studio):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    phone = context.new_page()
    phone.goto(studio.url)
    phone.wait_for_selector("[data-tag=blue_hair]")
    load(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.tap("[data-tag=blue_hair]")
    phone.tap("#color")
    expect(phone.locator("#compare")).to_be_in_viewport()
    expect(phone.locator("#status")).to_contain_text("blue hair")
    context.close()
