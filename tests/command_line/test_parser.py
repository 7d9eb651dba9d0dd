"""Wrong use of every script is one line, and names of homes are what they stand for."""

import subprocess
import sys
from pathlib import Path

import pytest

import demo
import main
import train_demo
from command_line.parser import SHOWN, Parser, path
from preprocessor import (
    crop_and_upscale,
    demo_dataset,
    face_extractor,
    fetch_images,
    part_extractor,
    sketch_extractor,
    tagset_extractor,
)

ROOT = Path(__file__).parents[2]
STAGES = (
    *(crop_and_upscale, demo_dataset, face_extractor, fetch_images, sketch_extractor),
    *(part_extractor, tagset_extractor),
)


@pytest.mark.parametrize("script", [main, demo, train_demo, *STAGES])
@pytest.mark.parametrize("flags", [["--no_such_flag"], ["--seed", "9" * 5000]])
def test_wrong_use_is_one_line(script, flags, capsys):
    with pytest.raises(SystemExit) as stop:
        script.main(flags)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert flags[0] in error and error.count("\n") == 1 and len(error) < 3 * SHOWN


@pytest.mark.parametrize("script", ["main.py", "preprocessor/fetch_images.py"])
def test_help_that_does_not_arrive_is_a_failure(script):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, script, "--help"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == "the output is not complete: No space left on device\n"


@pytest.fixture
def parse(tmp_path, monkeypatch):
    """What a parser makes of a path, in an empty folder, for a user whose home is /home/anna."""
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.chdir(tmp_path)
    parser = Parser()
    parser.add_argument("path", type=path)
    return lambda text: parser.parse_args([text]).path


def test_homes_that_the_shell_left(parse, tmp_path):
    assert parse("~/weights.pkl") == Path("/home/anna/weights.pkl")
    assert parse("runs/~x") == Path("runs/~x")
    (tmp_path / "~nosuchuser").mkdir()
    assert parse("~nosuchuser/x.png") == Path("~nosuchuser/x.png")


@pytest.mark.parametrize("text", ["~nosuchuser/x.png", "~nosuchuser", "", "a\0b"])
def test_names_of_nothing(parse, text, capsys):
    with pytest.raises(SystemExit):
        parse(text)
    assert capsys.readouterr().err.startswith("argument path: ")


def test_a_home_is_no_folder_of_that_name(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    for script, flags in (
        (main, ["--load=x.pkl", "--export=~nosuchuser/y.pkl"]),
        (main, ["--result_dir=~nosuchuser/results"]),
        (demo, ["a.png", "--sheet=~nosuchuser/sheet.png"]),
    ):
        with pytest.raises(SystemExit) as stop:
            script.main(flags)
        assert stop.value.code == 2
        assert "there is no such user" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
