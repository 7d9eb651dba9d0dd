"""Images by id from a hub on loopback, which huggingface_hub itself talks to."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from loopback_hub import TOKEN, LoopbackHub
from PIL import Image

from errors import InputError
from images.letterbox import fit_in_square
from images.square import make_square
from preprocessor.fetch_images import read_list
from preprocessor.hub.layouts import parse_layout
from preprocessor.hub.tar_index import BadIndexError, read_index

SCRIPT = Path(__file__).resolve().parents[2] / "preprocessor" / "fetch_images.py"
REPO = "somebody/drawings"
SIZE = 64


@pytest.fixture
def hub():
    hub = LoopbackHub()
    yield hub
    hub.close()


def picture(number, kind="PNG"):
    """A smooth picture that no other number has, encoded."""
    rng = np.random.default_rng(number)
    size = (90, 70) if number % 2 else (70, 90)
    pixels = cv2.resize(rng.integers(0, 256, (3, 3, 3), np.uint8), size)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def fill(hub, ids, template="images/{:04d}.tar", prefix=""):
    """Put the pictures of these ids into tars by id modulo 1000."""
    tars = {}
    for number in ids:
        tars.setdefault(number % 1000, []).append((f"{prefix}{number}.png", picture(number)))
    for remainder, members in tars.items():
        hub.add_tar(template.format(remainder), members)


def want(root, ids):
    root.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{number % 1000:04d}/{number}.jpg\n" for number in ids)
    (root / "tagset_missing.txt").write_text(lines)


def command(root, *flags):
    flags = ("--repo", REPO, "--size", str(SIZE), "--wait", "0.01", *map(str, flags))
    return [sys.executable, str(SCRIPT), "--dataset_path", str(root), *flags]


def environment(hub, root, **more):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return clean | hub.environment(root.parent / "hub_cache") | more


def fetch(hub, root, *flags, **variables):
    return subprocess.run(
        command(root, *flags),
        env=environment(hub, root, **variables),
        capture_output=True,
        text=True,
        timeout=120,
    )


def images(root):
    folder = root / "512px"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def problems(root):
    lines = (root / "fetch_problems.txt").read_text().splitlines()
    return dict(line.split("\t") for line in lines)


IDS = (263167, 1167, 2167, 5, 1005, 7008)


def test_images_are_fetched_fitted_and_found_again(hub, tmp_path):
    fill(hub, [*IDS, 99167])
    root = tmp_path / "dataset"
    want(root, IDS)
    result = fetch(hub, root)
    assert result.returncode == 0, result.stderr
    said = result.stdout.splitlines()
    assert said[0].startswith(f"6 images to fetch from {REPO}, in 3 tars: about 0.0 GB")
    assert "belong to the artists" in said[1]
    assert f"images: 6 made in {root / '512px'}" in said
    assert set(images(root)) == {f"{n % 1000:04d}/{n}.jpg" for n in IDS}
    for number in IDS:
        found = cv2.imread(str(root / f"512px/{number % 1000:04d}/{number}.jpg"))
        original = np.asarray(Image.open(io.BytesIO(picture(number))))
        expected = fit_in_square(original, SIZE)[..., ::-1]
        assert found.shape == (SIZE, SIZE, 3)
        assert np.abs(found.astype(int) - expected).mean() < 3
    # One request per image, one index per tar, nothing else of the tars.
    assert len(hub.ranges) == len(set(hub.ranges)) == 6
    before = images(root)
    result = fetch(hub, root)
    assert result.returncode == 0 and "already there: 6" in result.stdout
    assert images(root) == before and len(hub.ranges) == 6


def test_a_letterboxed_image_becomes_the_square_of_its_original():
    rng = np.random.default_rng(0)
    original = cv2.resize(rng.integers(0, 256, (4, 4, 3), np.uint8), (900, 1100))
    square = fit_in_square(original, 512)
    assert square.shape == (512, 512, 3)
    width = round(900 * 512 / 1100)
    left = (512 - width) // 2
    assert not square[:, :left].any() and not square[:, left + width :].any()
    assert square[:, left].any() and square[:, left + width - 1].any()
    # What the crop stage keeps has nothing of the letterbox.
    assert make_square(square, 900, 1100).min() > 0 or original.min() == 0


def test_trouble_on_the_way_is_tried_again(hub, tmp_path):
    fill(hub, IDS)
    root = tmp_path / "dataset"
    want(root, IDS)
    hub.trouble["images/0167.tar"] = [500, "short", "drop", 503, "slow"]
    hub.trouble["images/0005.tar"] = [502, "drop", "short"]
    hub.trouble["images/0008.json"] = [500]
    result = fetch(hub, root)
    assert result.returncode == 0, result.stderr
    assert len(images(root)) == 6 and not (root / "fetch_problems.txt").exists()
    assert not list((root / "512px").rglob(".*"))


def test_the_hub_is_given_the_time_that_it_asks_for(hub, tmp_path):
    fill(hub, IDS)
    root = tmp_path / "dataset"
    want(root, IDS)
    hub.retry_after = "1"
    hub.trouble["images/0167.tar"] = [429]
    result = fetch(hub, root)
    assert result.returncode == 0, result.stderr
    assert len(images(root)) == 6
    # Whoever had been told to wait a second, and everybody else, has.
    (refused,) = hub.refused_at
    later = [moment for moment in hub.arrivals if moment > refused + 0.2]
    assert later and min(later) >= refused + 0.99


def test_few_requests_at_once(hub, tmp_path):
    ids = [1000 * k + tar for tar in range(8) for k in range(1, 5)]
    fill(hub, ids)
    root = tmp_path / "dataset"
    want(root, ids)
    hub.delay = 0.01
    assert fetch(hub, root, "--connections", "3").returncode == 0
    assert hub.most_at_once <= 3
    assert fetch(hub, root, "--connections", "99").returncode == 2


def test_what_is_wrong_at_the_source_is_listed_and_counted(hub, tmp_path):
    fill(hub, IDS)
    members = [(f"{n}.png", picture(n)) for n in (1001, 2001, 5001, 8001)]
    members += [("3001.png", b"no picture"), ("4001.mp4", b"film"), ("6001.png", b"")]
    members += [("7001.png", picture(7001)[:-30])]
    hub.add_tar("images/0001.tar", members)

    def change(files):
        files["1001.png"]["sha256"] = "0" * 64
        files["2001.png"].pop("sha256")
        del files["8001.png"]

    hub.change_index("images/0001.json", change)
    root = tmp_path / "dataset"
    want(root, [*IDS, *range(1001, 9001, 1000), 42])
    result = fetch(hub, root)
    assert result.returncode == 0, result.stderr
    expected = {
        "0001/1001.jpg": "another SHA-256 than in the index",
        "0001/3001.jpg": "cannot be decoded: not a picture",
        "0001/4001.jpg": "no image, but .mp4",
        "0001/6001.jpg": "empty",
        "0001/7001.jpg": "cannot be decoded: ",
        "0001/8001.jpg": "not in the index",
        "0042/42.jpg": "no such tar",
    }
    found = problems(root)
    assert found.keys() == expected.keys()
    assert {k: found[k] for k in expected if k[5:6] not in "37"} == {
        k: v for k, v in expected.items() if k[5:6] not in "37"
    }
    assert found["0001/3001.jpg"].startswith("cannot be decoded")
    assert found["0001/7001.jpg"].startswith("cannot be decoded")
    assert {"0001/2001.jpg", "0001/5001.jpg"} < set(images(root)) and len(images(root)) == 8
    assert "at the source: cannot be decoded (see fetch_problems.txt): 2" in result.stdout
    # Nothing is asked for that has no bytes.
    assert all(first <= last for first, last in (map(int, r[6:].split("-")) for _, r in hub.ranges))


def test_a_tar_made_anew_is_read_by_its_new_index(hub, tmp_path):
    fill(hub, IDS)
    root = tmp_path / "dataset"
    want(root, IDS[:1])
    assert fetch(hub, root).returncode == 0
    # The order of the members changes, while the index in the cache says where they were.
    hub.add_tar("images/0167.tar", [(f"{n}.png", picture(n)) for n in (2167, 1167, 263167)])
    hub.commit = "b" * 40
    want(root, IDS)
    assert fetch(hub, root).returncode == 0
    assert len(images(root)) == 6
    again = tmp_path / "again"
    want(again, IDS)
    assert fetch(hub, again).returncode == 0
    assert images(again) == images(root)


def test_addresses_that_expire_are_asked_for_again(hub, tmp_path):
    ids = [1000 * k + 3 for k in range(1, 12)]
    fill(hub, ids)
    root = tmp_path / "dataset"
    want(root, ids)
    hub.expired_addresses = True
    result = fetch(hub, root, HF_TOKEN=TOKEN)
    assert result.returncode == 0, result.stderr
    assert len(images(root)) == len(ids)
    assert hub.tokens_at_content_server == 0


def test_gated_data_sets_need_a_token(hub, tmp_path):
    fill(hub, IDS)
    hub.gated = True
    root = tmp_path / "dataset"
    want(root, IDS)
    result = fetch(hub, root)
    assert result.returncode == 2
    error = result.stderr.strip().splitlines()[-1]
    assert f"no access to the data set {REPO}" in error and "HF_TOKEN" in error
    assert "Traceback" not in result.stderr and not images(root)
    assert fetch(hub, root, HF_TOKEN=TOKEN).returncode == 0
    assert len(images(root)) == 6 and hub.tokens_at_content_server == 0


def test_a_page_to_log_in_is_no_index(hub, tmp_path):
    fill(hub, IDS)
    root = tmp_path / "dataset"
    want(root, IDS)
    for name in ("0167", "0005", "0008"):
        hub.files[f"images/{name}.json"] = b"<!DOCTYPE html><title>Log in</title>"
    result = fetch(hub, root)
    assert result.returncode == 2
    assert "is a web page instead of an index" in result.stderr.strip().splitlines()[-1]
    assert "Traceback" not in result.stderr and not images(root)


def test_a_server_without_ranges_is_refused(hub, tmp_path):
    fill(hub, IDS)
    hub.ignores_ranges = True
    root = tmp_path / "dataset"
    want(root, IDS)
    result = fetch(hub, root)
    assert result.returncode == 2
    assert "answers 200 when asked for a part" in result.stderr


@pytest.mark.slow  # huggingface_hub has waits of its own
def test_a_hub_that_is_not_there(hub, tmp_path):
    root = tmp_path / "dataset"
    want(root, IDS)
    result = fetch(hub, root, "--tries", "2", HF_ENDPOINT="http://127.0.0.1:9")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr and "failed: 6" in result.stdout


def test_dry_run_asks_for_nothing(hub, tmp_path):
    fill(hub, IDS)
    root = tmp_path / "dataset"
    want(root, IDS)
    result = fetch(hub, root, "--dry_run")
    assert "images: 6 would be made" in result.stdout
    assert not hub.seen and [path.name for path in root.iterdir()] == ["tagset_missing.txt"]


def test_members_with_a_dot_in_two_kinds_of_tars(hub, tmp_path):
    """The layout of nyanko7: older and newer posts apart, the indexes in another repository."""
    fill(hub, [5, 1005], "original/data-0{:03d}.tar", "./")
    fill(hub, [9000005], "recent/data-1{:03d}.tar", "./")
    root = tmp_path / "dataset"
    want(root, [5, 1005, 9000005])
    assert fetch(hub, root, "--layout", "nyanko7").returncode == 0
    assert set(images(root)) == {"0005/5.jpg", "0005/1005.jpg", "0005/9000005.jpg"}


@pytest.mark.parametrize(("tars", "kills"), [(4, 2), pytest.param(20, 10, marks=pytest.mark.slow)])
def test_killed_again_and_again(hub, tmp_path, tars, kills):
    ids = [1000 * k + tar for tar in range(tars) for k in range(1, 51)]
    fill(hub, ids)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for root in (undisturbed, killed):
        want(root, ids)
    assert fetch(hub, undisturbed).returncode == 0
    hub.delay = 0.004
    for kill in range(1, kills + 1):
        process = subprocess.Popen(
            command(killed),
            env=environment(hub, killed),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and len(list(killed.glob("512px/*/*.jpg"))) < len(
            ids
        ) * kill // (kills + 2):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    hub.delay = 0
    assert fetch(hub, killed).returncode == 0
    assert images(killed) == images(undisturbed)
    assert len(images(killed)) == len(ids)


def test_interrupted_and_run_again(hub, tmp_path):
    ids = [1000 * k + 1 for k in range(1, 101)]
    fill(hub, ids)
    root = tmp_path / "dataset"
    want(root, ids)
    hub.delay = 0.01
    process = subprocess.Popen(
        command(root), env=environment(hub, root), stderr=subprocess.PIPE, text=True
    )
    while len(list(root.glob("512px/*/*.jpg"))) < 20:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in error
    hub.delay = 0
    assert fetch(hub, root).returncode == 0
    assert len(images(root)) == 100 and not list((root / "512px").rglob(".*"))


def test_layouts():
    assert parse_layout(None, "deepghs/danbooru2024-sfw", None).places(263167) == (
        "images/0167.tar",
    )
    assert parse_layout("picollect", "x/y", None).places(24999) == ("images/0024.tar",)
    nyanko = parse_layout(None, "nyanko7/danbooru2023", None)
    assert nyanko.places(1000) == ("original/data-0000.tar", "recent/data-1000.tar")
    assert parse_layout("a/{div10000:03d}/{mod1000}.tar", "x/y", "z/i").places(70012) == (
        "a/007/12.tar",
    )
    for wrong in ("images.tar", "images/{mod1000}.zip", "{id.__class__}.tar", "{0}{id}.tar"):
        with pytest.raises(InputError, match="--layout"):
            parse_layout(wrong, "x/y", None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"files": {"1.png": {"offset": -5, "size": 1}}}',
        b'{"files": {"1.png": {"offset": "5", "size": 1}}}',
        b'{"filesize": 10, "files": {"1.png": {"offset": 5, "size": 6}}}',
        b'{"files": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_index(content):
    with pytest.raises(BadIndexError):
        read_index(content, (".png",))


def test_an_index_takes_the_image_of_a_post():
    files = {"./7.mp4": {"offset": 1, "size": 2}, "7.png": {"offset": 9, "size": 2}}
    files |= {"readme.txt": {"offset": 0, "size": 1}, "8.zip": {"offset": 20, "size": 1}}
    found = read_index(json.dumps({"files": files}).encode(), (".png",))
    assert {number: member.name for number, member in found.items()} == {7: "7.png", 8: "8.zip"}


def test_lists_that_cannot_be_read(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("0005/5.jpg\n\n17\n5\nsomething\n")
    with pytest.raises(InputError, match="line 5: something names no image"):
        read_list(path)
    path.write_text("0005/5.jpg\n\n17\n5\n")
    assert read_list(path) == [5, 17]
    with pytest.raises(InputError, match="tagset_extractor.py writes it"):
        read_list(tmp_path / "nowhere.txt")
