"""The studio's server: bad files, other programs, logins, and what it asks of others."""

import json
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import gradio_client
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from psd_tools import PSDImage
from started import StartedStudio
from steps import TESTSET, choose, color, load, ready, upload

pytestmark = pytest.mark.browser


@pytest.fixture
def unusable(tmp_path) -> dict[str, tuple[Path, str]]:
    """Files that must be refused, each with a part of the answer."""
    text = tmp_path / "text.png"
    text.write_text("no picture at all")
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    large = tmp_path / "large.png"
    Image.new("1", (8000, 5000), 1).save(large)
    bomb = tmp_path / "bomb.png"
    Image.new("1", (40000, 40000)).save(bomb)
    half = tmp_path / "half.png"
    half.write_bytes((TESTSET / "85.png").read_bytes()[:2000])
    heavy = tmp_path / "heavy.png"
    heavy.write_bytes(bytes(21_000_000))
    return {
        "text": (text, "text.png: truncated, or not a picture"),
        "svg": (drawing, "drawing.svg: truncated, or not a picture"),
        "large": (large, "large.png: 8000x5000 px is over the limit"),
        "bomb": (bomb, "bomb.png: over the limit"),
        "half": (half, "half.png: damaged"),
        "heavy": (heavy, "heavy.png could not be sent"),
    }


def test_unusable_files_are_answered_and_the_server_stays_up(page, unusable):
    for path, answer in unusable.values():
        upload(page, path)
        expect(page.get_by_text(answer)).to_be_visible()
        expect(page.locator("#sketch img")).to_have_count(0)
    load(page)
    expect(page.locator("#notice p")).to_have_count(0)
    choose(page, "blue_hair")
    color(page)


def test_animation_is_taken_with_a_notice(page, tmp_path):
    frames = [Image.linear_gradient("L").resize((400, 400)).rotate(turn) for turn in (0, 90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    load(page, tmp_path / "a.gif")
    expect(page.locator("#notice")).to_contain_text("animated (2 frames)")
    choose(page, "blue_hair")
    color(page)


def test_nothing_is_asked_of_other_servers(page, studio):
    load(page)
    choose(page, "blue_hair")
    color(page)
    page.reload()
    ready(page)
    outside = [url for url in page.requested if not url.startswith((studio.url, "data:", "blob:"))]
    assert page.requested
    assert outside == []


def test_the_page_is_light(browser, studio):
    """What the server sends until the first picture is there, compressed as it is sent."""
    context = browser.new_context()
    page, sent = context.new_page(), []
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    answer = page.goto(studio.url)
    ready(page)
    assert answer.all_headers()["content-encoding"] == "gzip"
    assert 50 < len(sent) <= 110
    assert 400_000 < sum(sent) < 780_000
    context.close()


def test_a_request_cannot_name_files_of_the_server(studio):
    sketch = {"path": str(TESTSET / "85.png")}
    data = [sketch, [], "", "none", False, "as painted", "", "png", False]
    request = urllib.request.Request(
        f"{studio.url}gradio_api/call/color",
        json.dumps({"data": data}).encode(),
        {"Content-Type": "application/json"},
    )
    event = json.load(urllib.request.urlopen(request))["event_id"]
    answer = urllib.request.urlopen(f"{studio.url}gradio_api/call/color/{event}").read().decode()
    assert "give a file that was uploaded" in answer


def test_programs_get_what_the_page_gives(studio):
    client = gradio_client.Client(studio.url, verbose=False)
    sketch = gradio_client.handle_file(TESTSET / "85.png")
    picture, about = client.predict(sketch, ["red_hair"], size="2x", api_name="/color")
    assert Image.open(picture).size == (64, 64)
    assert Image.open(picture).text["tags"] == "red_hair"
    assert about["tags"] == ["red_hair"]
    picture, about = client.predict(
        sketch, ["blue_hair", "hair=#123456"], size="as large as the sketch", api_name="/color"
    )
    assert Image.open(picture).size == (512, 512)
    assert Image.open(picture).text["exact"] == "hair=#123456"
    archive = zipfile.ZipFile(
        client.predict(
            sketch, ["hair=#123456"], what="hat", cleanup="threshold", api_name="/variations"
        )
    )
    assert archive.namelist() == ["01_black_hat.png", "02_white_hat.png"]
    with archive.open("01_black_hat.png") as file:
        variation = Image.open(file)
        assert variation.size == (512, 512)
        assert variation.text["tags"] == "black_hat"
        assert variation.text["exact"] == "hair=#123456"
    assert client.predict(api_name="/weights") == ["small", "other", "taught"]
    assert client.predict(api_name="/tags")["things"]["hat"] == ["black_hat", "white_hat"]
    with pytest.raises(gradio_client.exceptions.AppError, match="made with 'own lines'"):
        client.predict(sketch, ["hair=#123456"], size="2x", enlarge_by="LANCZOS", api_name="/color")
    with pytest.raises(gradio_client.exceptions.AppError, match="did you mean blue_hair"):
        client.predict(sketch, ["blu_hair"], api_name="/color")


def test_programs_get_layers_and_transparent_pictures(studio, tmp_path):
    client = gradio_client.Client(studio.url, verbose=False)
    page = Image.open(TESTSET / "85.png").convert("L").resize((333, 477))
    page.save(tmp_path / "page.png", dpi=(350, 350))
    sketch = gradio_client.handle_file(tmp_path / "page.png")
    words = ["blue_hair", "white_background", "hair=#123456"]

    picture, about = client.predict(sketch, words, transparent=True, api_name="/color")
    assert Path(picture).name == "page-blue_hair-white_background.png"
    with Image.open(picture) as read:
        assert (read.mode, read.size) == ("RGBA", (333, 477))
        assert read.info["dpi"] == pytest.approx((350, 350), abs=0.1)
        assert read.text["exact"] == "hair=#123456"
    assert about["tags"] == words

    path, _ = client.predict(sketch, words, file="ora", api_name="/color")
    with zipfile.ZipFile(path) as archive:
        assert archive.read("mimetype") == b"image/openraster"
        stack = ElementTree.fromstring(archive.read("stack.xml"))
        names = [layer.get("name") for layer in stack.iter("layer")]
        with archive.open("mergedimage.png") as file:
            merged = np.asarray(Image.open(file).convert("RGB"))
    assert (names[0], names[-1]) == ("lines", "paper")
    assert merged.shape == (477, 333, 3)

    path, _ = client.predict(
        sketch, words, file="psd", transparent=True, size="4x", api_name="/color"
    )
    document = PSDImage.open(path)
    assert max(document.size) == 4 * 32
    assert [layer.name for layer in document] == names[::-1]
    visible = {layer.name: layer.is_visible() for layer in document}
    assert visible["lines"] and not visible["paper"]

    plain, _ = client.predict(sketch, words, api_name="/color")
    # Colors in parts, put together again, are those of the picture in one.
    assert np.abs(np.asarray(Image.open(plain), int) - merged).max() <= 2
    with pytest.raises(gradio_client.exceptions.AppError, match="layers are made with 'own lines'"):
        client.predict(sketch, words[:1], file="psd", enlarge_by="LANCZOS", api_name="/color")


def test_login_is_asked_of_people_and_programs(browser, small_checkpoint):
    studio = StartedStudio(f"--load={small_checkpoint}", "--auth=artist:secret")
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{studio.url}gradio_api/info")
        page = browser.new_page()
        page.goto(studio.url)
        page.get_by_label("username").fill("artist")
        page.get_by_label("password").fill("secret")
        page.get_by_role("button", name="Login").click()
        expect(page.locator("[data-tag=blue_hair]")).to_be_visible()
        page.close()
    finally:
        studio.close()
    assert "secret" not in "".join(studio.lines)
