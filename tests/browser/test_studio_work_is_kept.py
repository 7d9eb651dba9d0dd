"""Work survives reloads and lost connections, goes back and forth, and waits for nobody's save."""

import contextlib
import re
import time

import pytest
from PIL import Image
from playwright.sync_api import Error, expect
from steps import RESULT, TESTSET, choose, clear, color, download, load, ready, shown, upload

pytestmark = pytest.mark.browser


def _work(page) -> str:
    load(page)
    clear(page)
    choose(page, "blue_hair")
    page.locator("input[data-part=hair]").fill("#123456")
    expect(page.locator(".picker-chip")).to_contain_text("#123456")
    return color(page)


def _expect_work(page, picture: str) -> None:
    expect(page.locator("#sketch img[data-name='85']")).to_be_visible()
    expect(page.locator(".picker-chip")).to_contain_text("blue hair #123456")
    expect(page.locator(RESULT)).to_have_attribute("src", picture)
    expect(page.locator("#history img")).to_have_count(1)


def test_a_reload_brings_everything_back(page):
    picture = _work(page)
    page.reload()
    ready(page)
    _expect_work(page, picture)


def test_a_batch_is_offered_again_after_a_reload(page):
    upload(page, [TESTSET / "85.png", TESTSET / "2.png"])
    expect(page.locator("#batch")).to_be_visible()
    page.reload()
    expect(page.locator("#batch")).to_be_visible()
    load(page)
    expect(page.locator("#batch")).to_be_visible()


def test_ten_seconds_offline_lose_nothing(page):
    picture = _work(page)
    page.context.set_offline(True)
    page.click("#color")
    page.wait_for_timeout(10_000)
    # The client of Gradio loads the page again as soon as the server answers.
    with page.expect_event("load"):
        page.context.set_offline(False)
    ready(page)
    expect(page.locator("#sketch img[data-name='85']")).to_be_visible()
    expect(page.locator(".picker-chip")).to_contain_text("blue hair #123456")
    first = page.locator("#history button").last
    first.click()
    expect(page.locator(RESULT)).to_have_attribute("src", picture)


def test_a_tab_opened_again_has_the_work_a_second_one_has_its_own(open_tab):
    first = open_tab()
    picture = _work(first)
    second = open_tab()
    expect(second.locator("#history img")).to_have_count(0)
    second.close()
    first.close()
    # The second had the last key; the first tab's work is gone from this browser with its tab.
    third = open_tab()
    expect(third.locator("#history img")).to_have_count(0)
    picture = _work(third)
    third.close()
    _expect_work(open_tab(), picture)


def test_work_is_there_after_a_tab_crashed(open_tab):
    tab = open_tab()
    picture = _work(tab)
    with tab.expect_event("crash"), contextlib.suppress(Error):
        tab.goto("chrome://crash")
    tab.close()
    _expect_work(open_tab(), picture)


def test_another_browser_sees_nothing(page, browser, studio):
    _work(page)
    context = browser.new_context()
    other = context.new_page()
    other.goto(studio.url)
    ready(other)
    expect(other.locator("#history img")).to_have_count(0)
    context.close()


def test_undo_and_redo_by_keys(page):
    load(page)
    clear(page)
    page.check("#live input")
    for tag in ("blue hair", "green hair", "red hair"):
        choose(page, tag.replace(" ", "_"))
        expect(page.locator("#status")).to_contain_text(tag)  # the server knows of the click
    for keys, tag in (("Control+z", "blue hair"), ("Control+Shift+Z", "red hair")):
        for _ in range(2):
            page.keyboard.press(keys)
        expect(page.locator(".picker-chip")).to_contain_text(tag)
    load(page, TESTSET / "2.png")
    page.keyboard.press("Control+z")
    expect(page.locator("#sketch img[data-name='85']")).to_be_visible()


def test_nobody_waits_for_a_save_and_it_can_be_cancelled(open_tab, tmp_path):
    saver, painter = open_tab(), open_tab()
    Image.open(TESTSET / "85.png").convert("L").resize((1400, 2000)).save(tmp_path / "big.png")
    load(saver, tmp_path / "big.png")
    color(saver)
    load(painter)
    clear(painter)
    saver.get_by_label("Made with").click()
    saver.get_by_role("option", name="waifu2x").click()
    saver.click("#save")
    expect(saver.locator("#status")).to_contain_text("enlarging")
    seconds = []
    for tag in ("red_hair", "blue_hair", "green_hair"):
        choose(painter, tag)
        start = time.perf_counter()
        painter.click("#color")
        expect(painter.locator("#status")).to_contain_text(tag.replace("_", " "))
        seconds.append(time.perf_counter() - start)
    print("seconds to color while another saves:", [round(s, 2) for s in seconds])
    color(painter)
    expect(painter.locator("#status")).not_to_contain_text("finishing")
    expect(saver.locator("#status")).to_contain_text("enlarging")  # still under way
    saver.click("#cancel")
    expect(saver.get_by_text("cancelled")).to_be_visible()
    expect(saver.locator("#status")).not_to_contain_text(re.compile("enlarging"))
    assert shown(saver)


def test_what_waits_for_another_save_can_be_cancelled(open_tab, tmp_path):
    saver, waiting = open_tab(), open_tab()
    Image.open(TESTSET / "85.png").convert("L").resize((1400, 2000)).save(tmp_path / "big.png")
    for tab in (saver, waiting):
        load(tab, tmp_path / "big.png")
        color(tab)
        tab.get_by_label("Made with").click()
        tab.get_by_role("option", name="waifu2x").click()
    saver.click("#save")
    expect(saver.locator("#status")).to_contain_text("enlarging")
    waiting.click("#save")
    expect(waiting.locator("#status")).to_contain_text("waiting for other work")
    waiting.click("#cancel")
    expect(waiting.get_by_text("cancelled")).to_be_visible()
    expect(waiting.locator("#status")).not_to_contain_text("waiting")
    expect(saver.locator("#status")).to_contain_text("enlarging")
    saver.click("#cancel")
    expect(saver.get_by_text("cancelled")).to_be_visible()


def test_a_batch_can_be_cancelled_within_a_picture(page, tmp_path):
    for number in range(3):
        sketch = Image.open(TESTSET / "85.png").convert("L").resize((3000, 3000))
        sketch.save(tmp_path / f"{number}.png")
    upload(page, sorted(tmp_path.glob("*.png")))
    expect(page.locator("#notice")).to_contain_text("3 files")
    page.click("#batch")
    expect(page.locator("#status")).to_contain_text("1 of 3")
    page.click("#cancel")
    expect(page.get_by_text("cancelled")).to_be_visible()
    expect(page.locator("#status")).not_to_contain_text("of 3")
    load(page)
    color(page)
    download(page, "#save")
