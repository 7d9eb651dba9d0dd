"""--parts: what a run with it learns from, resuming it, and what it refuses."""

import csv
import shutil

import pytest
import torch
from training_runs import TINY, assert_same, checkpoint, run_in, train

from drawn_art.adventurer.picture import choose
from drawn_art.part_map import render_part_map
from images.png import write_png


@pytest.fixture(scope="module")
def mapped_data(drawn_data, tmp_path_factory):
    """The drawn data with the maps of seven of its eight training pairs."""
    root = tmp_path_factory.mktemp("mapped") / "data"
    shutil.copytree(drawn_data, root)
    for index in range(7):
        part_map = render_part_map(choose(7, index, outside=False), 64)
        write_png(root / "part_train" / f"{index + 1}.png", part_map)
    return root


def options(data, parent, *more):
    return *TINY, "--no_cit", "--parts", f"--data_dir={data}", f"--result_dir={parent}", *more


def losses(directory):
    with (directory / "losses.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("steps", [("--l1_epoch=9",), ()])
def test_a_run_that_goes_on_is_the_one_that_did_not_stop(mapped_data, tmp_path, steps, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train(*options(mapped_data, whole, *steps, "--epoch=4")) == 0
    out = capsys.readouterr().out
    assert "1 left out, without a map of their parts" in out and "training pairs: 7" in out
    assert train(*options(mapped_data, parts, *steps, "--epoch=2")) == 0
    resumed = ("--resume", "--cpu", "--epoch=4", f"--data_dir={mapped_data}")
    assert train(*resumed, f"--result_dir={parts}") == 0
    last = "tag2pix_4_epoch.pkl"
    assert_same(checkpoint(run_in(parts) / last), checkpoint(run_in(whole) / last))
    rows = losses(run_in(whole))
    assert losses(run_in(parts)) == rows
    assert float(rows[-1]["G_parts"]) < float(rows[0]["G_parts"])


def test_the_loss_counts_parts_and_weights(mapped_data, tmp_path):
    assert train(*options(mapped_data, tmp_path, "--l1_epoch=9", "--epoch=1")) == 0
    for row in losses(run_in(tmp_path)):
        terms = {name: float(value) for name, value in row.items()}
        l1 = 1000 * (terms["G_l1_full"] + 0.9 * terms["G_l1_guide"])
        assert terms["G_loss"] == pytest.approx(l1 + 90 * terms["G_parts"], rel=1e-4)


def test_a_network_begins_with_it(mapped_data, tmp_path, capsys):
    plain = [flag for flag in options(mapped_data, tmp_path / "a") if flag != "--parts"]
    assert train(*plain, "--epoch=1") == 0
    weights = run_in(tmp_path / "a") / "tag2pix_1_epoch.pkl"
    again = options(mapped_data, tmp_path / "b", "--epoch=1", f"--init={weights}")
    assert train(*again) == 2
    assert "does not say that it began with --parts" in capsys.readouterr().err
    resumed = ("--resume", "--parts", "--epoch=2", f"--data_dir={mapped_data}")
    assert train(*resumed, f"--result_dir={tmp_path / 'a'}", "--cpu") == 2
    assert "does not say that it began with --parts" in capsys.readouterr().err

    assert train(*options(mapped_data, tmp_path / "c", "--epoch=1", "--lrG=0")) == 0
    begun = run_in(tmp_path / "c") / "tag2pix_1_epoch.pkl"
    further = options(mapped_data, tmp_path / "d", "--epoch=1", "--lrG=0", f"--init={begun}")
    assert train(*further) == 0
    after = checkpoint(run_in(tmp_path / "d") / "tag2pix_1_epoch.pkl")["G"]
    name = "module.deconv1.secat_layer.0.selayer.fc.2.weight"
    assert torch.equal(after[name], checkpoint(begun)["G"][name])


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--no_bn", "batch normalization"),
        ("--use_relu", "no --use_relu"),
        ("--model=senet", "--model tag2pix"),
        ("--compile", "no --compile"),
    ],
)
def test_it_needs_a_network_that_can(mapped_data, tmp_path, capsys, flag, message):
    assert train(*options(mapped_data, tmp_path, flag, "--epoch=1")) == 2
    assert f"--parts needs {message}" in capsys.readouterr().err


def test_it_needs_maps(drawn_data, tmp_path, capsys):
    assert train(*options(drawn_data, tmp_path, "--epoch=1")) == 2
    assert "part_extractor.py" in capsys.readouterr().err
