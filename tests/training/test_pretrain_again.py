"""Pretraining goes on exactly where it stopped, and begins with other weights."""

import os
import signal

import pytest
from pretraining_runs import options, table
from training_runs import assert_same, checkpoint, run_in, train

from training.classifier import Classification
from training.recipe import rate_factor


@pytest.fixture
def whole(two_epochs):
    return two_epochs[0]


def assert_same_run(directory, whole):
    for name in ("model.pth", "last.pth"):
        assert_same(checkpoint(directory / name), checkpoint(whole / name))
    for name in ("losses.csv", "metrics.csv", "model.csv", "last.csv"):
        assert (directory / name).read_bytes() == (whole / name).read_bytes(), name


def signal_at_step(monkeypatch, number, signal_number):
    plain_step = Classification.step

    def step(self, epoch, batch):
        if self.schedule.last_epoch + 1 == number:
            os.kill(os.getpid(), signal_number)
        return plain_step(self, epoch, batch)

    monkeypatch.setattr(Classification, "step", step)


def test_stopped_and_resumed(drawn_data, whole, tmp_path, monkeypatch, capsys):
    """Inside an epoch, and at the end of one."""
    start = options(drawn_data, tmp_path, "--epoch=2")
    for step, number in ((1, signal.SIGTERM), (2, signal.SIGINT)):
        with monkeypatch.context() as patch:
            signal_at_step(patch, step, number)
            assert train(*start) == 0
        directory = run_in(tmp_path)
        assert f"stopped; go on with --pretrain --resume {directory}" in capsys.readouterr().out
        assert len(table(directory / "losses.csv")) == step
        start = ("--pretrain", "--cpu", "--resume", f"--result_dir={tmp_path}")
    assert train(*start) == 0
    assert run_in(tmp_path) == directory
    assert_same_run(directory, whole)


def test_another_batch_size(drawn_data, tmp_path, monkeypatch, capsys):
    """Not inside an epoch; behind it the learning rate goes on from the share of epochs done."""
    with monkeypatch.context() as patch:
        signal_at_step(patch, 1, signal.SIGTERM)
        assert train(*options(drawn_data, tmp_path, "--epoch=2")) == 0
    directory = run_in(tmp_path)
    before = (directory / "last.pth").read_bytes()
    resume = ("--pretrain", "--cpu", f"--resume={directory}")
    assert train(*resume, "--batch_size=2") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "go on with --batch_size 3 until the epoch's end" in error
    assert (directory / "last.pth").read_bytes() == before

    with monkeypatch.context() as patch:
        signal_at_step(patch, 2, signal.SIGTERM)
        assert train(*resume, "--batch_size=3") == 0
    assert train(*resume, "--batch_size=2") == 0
    rates = [float(row["lr"]) for row in table(directory / "losses.csv")]
    # Of epochs of three batches the second begins at the fourth step of six, after one of warm-up.
    assert rates[2:] == pytest.approx(
        [2e-3 * rate_factor(s, warm_up=1, steps=6, schedule="cosine") for s in (3, 4, 5)]
    )


@pytest.mark.slow
def test_one_epoch_and_one_are_two(drawn_data, tmp_path):
    """With the constant rate, which does not depend on how many epochs there will be."""
    constant = ("--lr_schedule=constant", "--pretrain_lr=0.01")
    assert train(*options(drawn_data, tmp_path / "one", *constant, "--epoch=1")) == 0
    directory = run_in(tmp_path / "one")
    assert train("--pretrain", "--cpu", f"--resume={directory}", "--epoch=2") == 0
    assert train(*options(drawn_data, tmp_path / "two", *constant, "--epoch=2")) == 0
    assert_same_run(directory, run_in(tmp_path / "two"))


def test_it_begins_with_other_weights(drawn_data, whole, tmp_path):
    """Also at another size; the epochs, the rates and the optimizer begin anew."""
    start = ("--epoch=1", "--pretrain_lr=1e-9", "--input_size=48")
    init = f"--init={whole / 'model.pth'}"
    assert train(*options(drawn_data, tmp_path, *start, init)) == 0
    directory = run_in(tmp_path)
    before, after = (checkpoint(run / "model.pth")["weight"] for run in (whole, directory))
    for name in before:
        statistic = name.rpartition(".")[2] in ("running_mean", "running_var")
        if name.endswith("num_batches_tracked"):
            assert after[name] == before[name] + 2
        elif not statistic:
            assert after[name].allclose(before[name], rtol=0, atol=1e-7), name
    assert [row["epoch"] for row in table(directory / "metrics.csv")] == ["1"]
    rates = [float(row["lr"]) for row in table(directory / "losses.csv")]
    assert rates == pytest.approx([1e-9, 1e-9])
    steps = {
        int(state["step"])
        for state in checkpoint(directory / "last.pth")["optimizer"]["state"].values()
    }
    assert steps == {2}
    line = (directory / "arguments.txt").read_text().splitlines()[-1]
    assert line.startswith("* init = 'model.pth' (SHA-256 ")

    assert train("--pretrain", "--cpu", f"--resume={directory}", "--epoch=2") == 0
    assert (directory / "arguments.txt").read_text().splitlines()[-1] == line
    assert checkpoint(directory / "last.pth")["pretraining"]["initial"]["sha256"] in line
