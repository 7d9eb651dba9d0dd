"""The sheet that `make demo` makes, and the whole way to its weights."""

import csv
import shutil
import subprocess
import time

import numpy as np
import pytest
import torch
from PIL import Image

import demo
import train_demo
from checkpoints.checkpoint import Checkpoint
from checkpoints.tag_extractor import read_tag_extractor
from command_line.console import MORE_TO_DO
from loader.tags import load_vocabulary
from network import Discriminator, Generator
from network.architecture import Architecture
from train_demo import Drawings, Training

TINY = Architecture(input_size=32, layers=(1, 1, 1, 1), cit=False, bn=False)


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(3)
    path = tmp_path / "tiny.pkl"
    networks = {"G": Generator(TINY).state_dict(), "D": Discriminator().state_dict()}
    torch.save(networks, path)
    return path


def test_the_sheet_shows_line_art_and_every_choice(weights, tmp_path, capsys):
    sheet = tmp_path / "new" / "sheet.png"
    tall = tmp_path / "tall.png"
    Image.fromarray(np.full((60, 30), 255, np.uint8)).save(tall)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG cut short")
    pictures = [str(demo.TESTSET / "liner_test" / "2.png"), str(broken), str(tall)]

    flags = ["--weights", str(weights), "--sheet", str(sheet)]
    assert demo.main([*pictures, *flags]) == 0

    captured = capsys.readouterr()
    assert "left out" in captured.err and "broken.png" in captured.err
    assert f"the contact sheet is {sheet}" in captured.out
    shown = np.asarray(Image.open(sheet).convert("RGB"))
    rows, columns = 2, 1 + len(demo.CHOICES)
    assert shown.shape[1] == pytest.approx(columns * demo.SIDE, rel=0.05)
    assert 1 < shown.shape[0] / (rows * demo.SIDE) < 1.25  # the captions
    line_art = (
        Image.open(demo.TESTSET / "liner_test" / "2.png")
        .convert("RGB")
        .resize((demo.SIDE, demo.SIDE))
    )
    margin = (shown.shape[1] - columns * demo.SIDE) // (columns + 1)
    corner = shown[margin : margin + demo.SIDE, margin : margin + demo.SIDE]
    assert np.abs(corner.astype(int) - np.asarray(line_art)).mean() < 8


def test_dressed_drawings_are_given_clothes():
    worn = demo.worn_by(load_vocabulary())
    head, dressed = (demo.TESTSET / "liner_test" / f"{number}.png" for number in (49, 214))
    assert demo.choices_for(worn[head]) == [list(choice) for choice in demo.CHOICES]
    for choice, base in zip(demo.choices_for(worn[dressed]), demo.CHOICES, strict=True):
        kinds = [tag.split("_")[-1] for tag in choice[len(base) :]]
        assert choice[: len(base)] == list(base) and kinds == ["shirt", "skirt"]


def test_nothing_to_color_is_one_line(weights, tmp_path, capsys):
    assert demo.main([str(tmp_path / "none.png"), "--weights", str(weights)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "there is no picture to color"
    assert demo.main(["--weights", str(tmp_path / "none.pkl")]) == 2
    assert "none.pkl does not exist" in capsys.readouterr().err
    assert demo.main(["--weights", str(weights), "--sheet", str(tmp_path / "sheet.txt")]) == 2
    assert "must end in .png" in capsys.readouterr().err


@pytest.mark.slow
def test_the_whole_way_goes_on_where_it_stopped(tmp_path, monkeypatch, capfd):
    """Drawing, all stages, networks of which each starts from the one before, the sheet."""
    tiny = "--cpu --thread 0 --batch_size 8"
    drawings = {
        train_demo.DATASET: Drawings(1, 48, train_demo.HEADS, faces=True),
        train_demo.FIGURES: Drawings(2, 24, parts=True),
    }
    recipe = [
        Training(
            "48px",
            f"{tiny} --parts --input_size 48 --layers 1 1 1 1 --epoch 1",
            train_demo.FIGURES,
        ),
        Training("64px", f"{tiny} --parts --input_size 64 --epoch 1", train_demo.FIGURES),
        Training("64px", f"{tiny} --parts --lrG 0.0001 --epoch 2", train_demo.FIGURES),
        Training("48px_faces", f"{tiny} --tag_txt {train_demo.FACES} --input_size 48 --epoch 1"),
        Training("48px_all", f"{tiny} --tag_txt {train_demo.ALL} --epoch 1"),
        Training("48px_figures", f"{tiny} --epoch 1", train_demo.FIGURES),
    ]
    monkeypatch.setattr(train_demo, "DEMO", tmp_path)
    monkeypatch.setattr(train_demo, "DRAWINGS", drawings)
    monkeypatch.setattr(train_demo, "CPU_RECIPE", recipe)
    extractor = [
        Training("cit", f"{tiny} --tag_txt {train_demo.FACES} --input_size 32 --epoch 1"),
        Training("cit_more", f"{tiny} --tag_txt {train_demo.DRAWN} --input_size 48 --epoch 1"),
    ]
    monkeypatch.setattr(train_demo, "CPU_EXTRACTOR", extractor)

    assert train_demo.main([]) == 0

    colored = (tmp_path / "full" / "sheet.png").read_bytes()
    said = capfd.readouterr().out
    assert "faces added" in said and "part maps" in said
    with next((tmp_path / "full" / "64px").glob("*/losses.csv")).open(newline="") as file:
        assert all(float(row["G_parts"]) > 0 for row in csv.DictReader(file))
    (arguments,) = (tmp_path / "full" / "48px_figures").glob("*/arguments.txt")
    assert "full/figures'" in arguments.read_text()
    (pretrained,) = (tmp_path / "full" / "cit_more").glob("*/model.pth")
    assert "init = 'model.pth'" in pretrained.with_name("arguments.txt").read_text()
    stems = [
        read_tag_extractor(path, truncated=True).conv1.weight
        for path in (pretrained, tmp_path / "full" / "model.pth")
    ]
    assert stems[1].equal(stems[0].half().float())
    shutil.rmtree(tmp_path / "full" / "64px")
    assert train_demo.main([]) == 0
    assert "nothing to do" in capfd.readouterr().out
    assert (tmp_path / "full" / "sheet.png").read_bytes() == colored


def test_there_must_be_a_gpu_to_train_on_it(monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert train_demo.main(["--gpu"]) == 2
    assert capsys.readouterr().err == "--gpu: there is no CUDA GPU\n"


def test_nothing_is_started_when_the_time_is_over(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(train_demo, "DEMO", tmp_path)
    clock = iter([0.0, 30.0])  # the call begins, and has half a minute to save
    monkeypatch.setattr(train_demo.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(train_demo.subprocess, "Popen", None)
    assert train_demo.main(["--quick", "--minutes", "1"]) == MORE_TO_DO
    assert "1 minutes are over; run it again to go on" in capsys.readouterr().out


@pytest.mark.slow
def test_the_way_on_a_gpu_in_pieces(tmp_path, monkeypatch, capfd):
    """Tiny, on the CPU: the time of a call is over in the middle of each training."""
    tiny = f"--cpu --thread 0 --batch_size 8 --input_size 32 --tag_txt {train_demo.ALL}"
    options = "--layers 1 1 1 1 --epoch 3 --two_step_epoch 2 --cit_cvt_weight 40 40"
    monkeypatch.setattr(train_demo, "DEMO", tmp_path)
    monkeypatch.setattr(
        train_demo, "GPU_DRAWINGS", {train_demo.DATASET: Drawings(1, 48, faces=True)}
    )
    monkeypatch.setattr(train_demo, "GPU_RECIPE", [Training("generator", f"{tiny} {options}")])
    monkeypatch.setattr(train_demo, "GPU_EXTRACTOR", [Training("extractor", f"{tiny} --epoch 3")])
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    after_an_epoch = ["extractor/*/metrics.csv", "generator/*/tag2pix_epoch001_G_f.png"]

    def over_when_an_epoch_is_done(process, until):
        assert until > 0
        while process.poll() is None:
            if after_an_epoch and list(tmp_path.glob(f"gpu/{after_an_epoch[0]}")):
                del after_an_epoch[0]
                raise subprocess.TimeoutExpired(process.args, until)
            time.sleep(0.01)
        return process.returncode

    monkeypatch.setattr(train_demo, "_wait", over_when_an_epoch_is_done)
    codes = [train_demo.main(["--gpu"]) for _ in range(3)]
    said = capfd.readouterr()
    assert codes == [MORE_TO_DO, MORE_TO_DO, 0], said.err
    assert said.out.count("9 minutes are over; run it again to go on") == 2

    (trained,) = (tmp_path / "gpu" / "generator").glob("*/")
    with (trained / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    steps = Checkpoint.read(trained / "tag2pix_3_epoch.pkl").position.step
    assert [int(row["step"]) for row in rows] == list(range(1, steps + 1))
    classified = {int(row["epoch"]) for row in rows if row["G_cit"]}
    assert classified == {2, 3}
    checkpoint = Checkpoint.read(tmp_path / "gpu" / "tag2pix.pkl")
    assert checkpoint.architecture.cit and checkpoint.architecture.bn
    with Image.open(tmp_path / "gpu" / "sheet.png") as sheet:
        assert sheet.width > len(demo.CHOICES) * demo.SIDE
