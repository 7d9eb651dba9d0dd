"""The studio's server: bad files, other programs, logins, and what it asks of others."""

import json
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import gradio_client
import pytest
from PIL import Image
from playwright.sync_api import expect
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
    page.goto(studio.url)
    ready(page)
    assert 50 < len(sent) <= 110
    assert 400_000 < sum(sent) < 800_000
    context.close()


def test_a_request_cannot_name_files_of_the_server(studio):
    data = [{"path": str(TESTSET / "85.png")}, [], "", "none", False, "as painted", ""]
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
    archive = client.predict(sketch, [], what="hat", cleanup="threshold", api_name="/variations")
    assert zipfile.ZipFile(archive).namelist() == ["01_black_hat.png", "02_white_hat.png"]
    assert client.predict(api_name="/weights") == ["small", "other", "taught"]
    assert client.predict(api_name="/tags")["things"]["hat"] == ["black_hat", "white_hat"]
    with pytest.raises(gradio_client.exceptions.AppError, match="made with 'own lines'"):
        client.predict(sketch, ["hair=#123456"], size="2x", enlarge_by="LANCZOS", api_name="/color")
    with pytest.raises(gradio_client.exceptions.AppError, match="did you mean blue_hair"):
        client.predict(sketch, ["blu_hair"], api_name="/color")


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
