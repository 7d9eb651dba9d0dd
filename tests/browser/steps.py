"""What an artist does on the page, step by step."""

import io
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Page, expect

TESTSET = Path(__file__).parents[2] / "testset" / "liner_test"
RESULT = "#compare .compare-over"


def upload(page: Page, path: Path) -> None:
    """Choose a file, or several."""
    page.set_input_files("#sketch input[type=file]", path)


def load(page: Page, path: Path = TESTSET / "85.png") -> None:
    upload(page, path)
    expect(page.locator(f"#sketch img[data-name='{path.stem}']")).to_be_visible()


def ready(page: Page) -> None:
    """Wait for the example that stands there at the start, or the work of before."""
    page.wait_for_selector("[data-tag=blue_hair]")
    page.wait_for_selector("#compare .compare-over")


def clear(page: Page) -> None:
    """Choose none of the example's tags."""
    page.click("[data-clear]")
    expect(page.locator(".picker-chip")).to_have_count(0)


def choose(page: Page, *tags: str) -> None:
    for tag in tags:
        page.click(f"[data-tag={tag}]")


def color(page: Page) -> str:
    """Click Color and wait for the finished picture; returns its address."""
    before = shown(page)
    page.click("#color")
    return finished(page, before)


def finished(page: Page, before: str = "") -> str:
    """Wait for another finished picture than `before`; returns its address."""
    page.wait_for_function(
        "before => { const over = document.querySelector('#compare .compare-over');"
        " return over && over.getAttribute('src') !== before && over.complete"
        "  && over.naturalWidth > 300 }",
        arg=before,
    )
    return shown(page)


def shown(page: Page) -> str:
    image = page.locator(RESULT)
    return image.get_attribute("src") if image.count() else ""


def pixels(page: Page, address: str) -> Image.Image:
    return Image.open(io.BytesIO(page.request.get(urljoin(page.url, address)).body()))


def download(page: Page, button: str) -> tuple[str, Path]:
    with page.expect_download() as started:
        page.click(button)
    return started.value.suggested_filename, Path(started.value.path())
