"""Sketches as artists have them, given to the page."""

import zipfile

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from steps import TESTSET, color, download, upload

pytestmark = pytest.mark.browser


def _drawing(ink, paper) -> Image.Image:
    image = Image.new("RGBA", (400, 560), paper)
    ImageDraw.Draw(image).ellipse((80, 120, 320, 440), outline=ink, width=6)
    return image


@pytest.mark.parametrize("suffix", ["tif", "webp", "ora", "kra", "psd"])
def test_every_kind_is_shown_and_colored(page, tmp_path, suffix):
    path = tmp_path / f"drawing.{suffix}"
    picture = _drawing("black", "white").convert("RGB")
    if suffix in ("ora", "kra"):
        with zipfile.ZipFile(path, "w") as archive, archive.open("mergedimage.png", "w") as file:
            picture.save(file, "PNG")
    elif suffix == "psd":
        psd_tools = pytest.importorskip("psd_tools")
        psd_tools.PSDImage.frompil(picture).save(path)
    else:
        picture.save(path)
    upload(page, path)
    shown = page.locator("#sketch img")
    expect(shown).to_have_attribute("alt", f"Sketch drawing.{suffix}".removesuffix(f".{suffix}"))
    assert shown.evaluate("image => image.decode().then(() => image.naturalHeight)") == 560
    color(page)
    name, saved = download(page, "#save")
    assert name.startswith("drawing-") and Image.open(saved).size == (400, 560)


def test_white_lines_and_blank_pages_bring_a_notice(page, tmp_path):
    _drawing("white", (255, 255, 255, 0)).save(tmp_path / "white.png")
    upload(page, tmp_path / "white.png")
    expect(page.locator("#notice")).to_contain_text("white lines on transparency")
    Image.new("L", (90, 90), 255).save(tmp_path / "blank.png")
    upload(page, tmp_path / "blank.png")
    expect(page.locator("#notice")).to_contain_text("blank")


def test_photos_are_cleaned_by_one_click_with_a_preview(page):
    upload(page, TESTSET / "85.png")
    page.click("#photo")
    expect(page.locator("#preview img")).to_be_visible()
    page.click("#photo")
    expect(page.locator("#preview img")).to_have_count(0)


def test_several_files_become_a_batch(page, tmp_path):
    (tmp_path / "bad.clip").write_bytes(b"CSFCHUNK")
    upload(page, [TESTSET / "85.png", TESTSET / "2.png", tmp_path / "bad.clip"])
    expect(page.locator("#notice")).to_contain_text("3 files")
    name, path = download(page, "#batch")
    assert name == "batch.zip"
    with zipfile.ZipFile(path) as archive:
        assert [entry.partition("-")[0] for entry in archive.namelist()] == ["01_85", "02_2"]
    expect(page.locator("#notice")).to_contain_text("files of Clip Studio cannot be opened")
