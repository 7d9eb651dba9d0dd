"""What an artist does on the page, step by step."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

TESTSET = Path(__file__).parents[2] / "testset" / "liner_test"
# The comparison holds the line art, then the picture.
RESULT = "#compare img >> nth=1"


def upload(page: Page, path: Path) -> None:
    """Give a file to the sketch's input, which is there while no sketch is."""
    page.set_input_files("#sketch input[type=file]", path)


def load(page: Page, path: Path = TESTSET / "85.png") -> None:
    upload(page, path)
    expect(page.locator(f"#sketch img[src*='/{path.name}']")).to_be_visible()


def choose(page: Page, *tags: str) -> None:
    for tag in tags:
        page.click(f"[data-tag={tag}]")


def color(page: Page) -> str:
    """Click Color and wait for a new picture; returns its address."""
    before = shown(page)
    page.click("#color")
    page.wait_for_function(
        "before => { const picture = document.querySelectorAll('#compare img')[1];"
        " return picture && picture.src !== before }",
        arg=before,
    )
    return shown(page)


def shown(page: Page) -> str:
    image = page.locator(RESULT)
    return image.get_attribute("src") if image.count() else ""


def pixels(page: Page, address: str) -> Image.Image:
    return Image.open(io.BytesIO(page.request.get(address).body()))


def download(page: Page, button: str) -> tuple[str, Path]:
    with page.expect_download() as started:
        page.click(button)
    return started.value.suggested_filename, Path(started.value.path())
