"""A run that was stopped and resumed is the run that was not, to the bit."""

import csv
import shutil
import signal

import pytest
import torch
from reference import fill
from training_runs import (
    TINY,
    assert_same,
    checkpoint,
    run_in,
    signal_at_step,
    train,
)

from checkpoints.reading import add_prefix
from network import TagExtractor

# Seven pairs: two batches per epoch, the second of them smaller. The schedules change in between.
SCHEDULES = ("--two_step_epoch=2", "--brightness_epoch=3", "--cit_cvt_weight", "2", "3")


@pytest.fixture(scope="module")
def extractor(tmp_path_factory):
    path = tmp_path_factory.mktemp("extractor") / "model.pth"
    state = fill(TagExtractor(truncated=True)).state_dict()
    torch.save({"weight": add_prefix(state)}, path)
    return path


@pytest.fixture(scope="module")
def whole(drawn_data, extractor, tmp_path_factory):
    """Four epochs without interruption."""
    parent = tmp_path_factory.mktemp("whole")
    assert train(*options(drawn_data, extractor, parent), "--epoch=4") == 0
    return run_in(parent)


def options(data, extractor, parent):
    places = (f"--data_dir={data}", f"--pretrain_dump={extractor}", f"--result_dir={parent}")
    return *TINY, "--data_size=7", *SCHEDULES, *places


def losses(directory):
    with (directory / "losses.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def assert_same_run(directory, whole):
    assert_same(
        checkpoint(directory / "tag2pix_4_epoch.pkl"), checkpoint(whole / "tag2pix_4_epoch.pkl")
    )
    assert losses(directory) == losses(whole)
    for epoch in range(5):
        for kind in ("G_f", "G_g"):
            name = f"tag2pix_epoch{epoch:03d}_{kind}.png"
            assert (directory / name).read_bytes() == (whole / name).read_bytes(), name


def test_two_epochs_and_two_are_four(drawn_data, extractor, whole, tmp_path):
    assert train(*options(drawn_data, extractor, tmp_path), "--epoch=2") == 0
    directory = run_in(tmp_path)
    assert train("--cpu", f"--load={directory / 'tag2pix_2_epoch.pkl'}", "--epoch=4") == 0
    assert run_in(tmp_path) == directory
    assert_same_run(directory, whole)
    told = (directory / "arguments.txt").read_text()
    assert "* epoch = 4" in told and "* two_step_epoch = 2" in told and "* batch_size = 4" in told


@pytest.mark.parametrize(
    ("step", "number"),
    [(3, signal.SIGTERM), pytest.param(5, signal.SIGINT, marks=pytest.mark.slow)],
)
def test_stopped_inside_an_epoch(drawn_data, extractor, whole, tmp_path, monkeypatch, step, number):
    with monkeypatch.context() as patch:
        signal_at_step(patch, step, number)
        assert train(*options(drawn_data, extractor, tmp_path), "--epoch=4", "--thread=2") == 0
    directory = run_in(tmp_path)
    epoch, batch = divmod(step, 2)
    assert (directory / f"tag2pix_resume_{epoch}_{batch}.pkl").exists()
    assert len(losses(directory)) == step
    assert train("--cpu", f"--resume={directory}", "--thread=1") == 0
    assert_same_run(directory, whole)


@pytest.mark.slow
def test_stopped_between_epochs(drawn_data, extractor, whole, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        signal_at_step(patch, 4, signal.SIGTERM)
        assert train(*options(drawn_data, extractor, tmp_path), "--epoch=4") == 0
    directory = run_in(tmp_path)
    assert "stopped; go on with --resume: 2 epochs, 4 steps" in capsys.readouterr().out
    assert (directory / "tag2pix_resume_2_0.pkl").exists()
    assert train("--cpu", "--resume", f"--result_dir={tmp_path}") == 0
    assert_same_run(directory, whole)


def test_a_checkpoint_cut_short_is_passed_over(drawn_data, extractor, whole, tmp_path, capsys):
    assert train(*options(drawn_data, extractor, tmp_path), "--epoch=2", "--save_all_epoch=1") == 0
    directory = run_in(tmp_path)
    newest = directory / "tag2pix_2_epoch.pkl"
    newest.write_bytes(newest.read_bytes()[:-5000])
    with (directory / "losses.csv").open("a") as file:
        file.write("5,3,1.25")
    leftovers = [directory / name for name in (".tag2pix_3_epoch.pkl.77.tmp", ".losses.77.tmp.csv")]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    capsys.readouterr()
    assert train("--cpu", f"--resume={directory}", "--epoch=4", "--save_all_epoch=0") == 0
    said = capsys.readouterr().err
    assert f"{newest} is cut short or damaged" in said and "using the one before it" in said
    assert not any(leftover.exists() for leftover in leftovers)
    assert_same_run(directory, whole)


@pytest.mark.slow
def test_an_older_checkpoint_branches_off(drawn_data, extractor, whole, tmp_path, capsys):
    """What came after it stays as it is."""
    source = tmp_path / "source"
    assert train(*options(drawn_data, extractor, source), "--epoch=2", "--save_all_epoch=1") == 0
    directory = run_in(source)
    before = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    first = directory / "tag2pix_1_epoch.pkl"
    parent = tmp_path / "branch"
    resumed = ("--cpu", f"--load={first}", f"--result_dir={parent}", "--epoch=4")
    assert train(*resumed, "--save_all_epoch=0") == 0
    branch = run_in(parent)
    assert losses(branch) == losses(whole)
    assert_same(
        checkpoint(branch / "tag2pix_4_epoch.pkl"), checkpoint(whole / "tag2pix_4_epoch.pkl")
    )
    after = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    assert after == before


def test_nothing_is_left_to_do(whole, capsys):
    last = whole / "tag2pix_4_epoch.pkl"
    before = last.stat()
    assert train("--cpu", "--load", last) == 0
    assert "has finished 4 of 4 epochs; --epoch is the total" in capsys.readouterr().out
    assert last.stat() == before


def test_wrong_use(whole, tmp_path, capsys):
    last = whole / "tag2pix_4_epoch.pkl"
    for arguments, message in (
        (("--load", last, "--resume"), "give --load or --resume, not both"),
        (("--resume", tmp_path), "holds no checkpoint to resume from"),
        (("--resume", "--result_dir", tmp_path), "holds no run to resume"),
        (("--load", last, "--epoch=9", "--input_size=64"), "contradicts"),
    ):
        assert train("--cpu", *arguments) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1


def test_a_chosen_file_does_not_undo_what_came_after_it(drawn_data, extractor, tmp_path, capsys):
    """--resume FILE of an earlier epoch goes on elsewhere, with the losses up to there."""
    flags = options(drawn_data, extractor, tmp_path / "runs")
    assert train(*flags, "--epoch=2", "--save_freq=1") == 0
    first = run_in(tmp_path / "runs")
    before = (first / "losses.csv").read_bytes()
    early = first / "tag2pix_1_epoch.pkl"
    assert train(*flags, "--epoch=2", f"--resume={early}") == 0
    (second,) = set((tmp_path / "runs").iterdir()) - {first}
    assert (first / "losses.csv").read_bytes() == before
    assert len(losses(second)) == len(losses(first))

    lone = tmp_path / "lone"
    lone.mkdir()
    shutil.copy(early, lone / "best.pkl")
    shutil.copy(first / "losses.csv", lone / "losses.csv")
    assert train(*flags, "--epoch=2", f"--load={lone / 'best.pkl'}") == 0
    assert sorted(path.name for path in lone.iterdir()) == ["best.pkl", "losses.csv"]


def test_a_resumed_run_keeps_its_seed_and_the_batches_of_its_epoch(
    drawn_data, extractor, tmp_path, monkeypatch, capsys
):
    flags = options(drawn_data, extractor, tmp_path)
    signal_at_step(monkeypatch, 1, signal.SIGTERM)
    assert train(*flags, "--epoch=1") == 0
    for flag, message in (
        ("--seed=8", "its run has seed 3"),
        ("--batch_size=2", "inside an epoch"),
    ):
        capsys.readouterr()
        assert train(*flags, "--epoch=1", "--resume", flag) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    assert train(*flags, "--epoch=1", "--resume") == 0
