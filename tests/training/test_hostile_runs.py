"""Runs that go on from spoilt checkpoints, or beside systems that lack what they need."""

import os
import signal
from argparse import Namespace

import pytest
import torch
from training_runs import TINY, checkpoint, run_in, train

from errors import InputError
from loader import stream
from training.results import ResultDirectory
from training.setup import loading_processes

RUN = (*TINY, "--no_cit", "--epoch=1")


@pytest.fixture(scope="module")
def one_epoch(drawn_data, tmp_path_factory):
    """A finished run of one epoch: its checkpoint. Read only."""
    parent = tmp_path_factory.mktemp("one_epoch")
    assert train(*RUN, f"--data_dir={drawn_data}", f"--result_dir={parent}") == 0
    return run_in(parent) / "tag2pix_1_epoch.pkl"


def moments(**changed):
    return lambda content: content["G_optimizer"]["state"][0].update(changed)


def recorded(**changed):
    return lambda content: content["tag2pix"].update(changed)


def without_moment(content):
    del content["G_optimizer"]["state"][0]["exp_avg"]


@pytest.mark.parametrize(
    "spoil, words",
    [
        (without_moment, "exp_avg of parameter 0 does not fit"),
        (moments(exp_avg=torch.zeros(3)), "exp_avg of parameter 0 does not fit"),
        (moments(exp_avg_sq="x"), "exp_avg_sq of parameter 0 does not fit"),
        (lambda content: content["G_optimizer"]["state"].update({10**9: {}}), "no parameter"),
        (recorded(random=[{}]), "state of the random generators"),
        (recorded(random=[{"cpu": 5}]), "state of the random generators"),
        (recorded(random=[{"cpu": torch.zeros(3)}]), "state of the random generators"),
    ],
)
def test_a_spoilt_checkpoint_is_not_gone_on_from(
    spoil, words, one_epoch, drawn_data, tmp_path, capsys
):
    content = checkpoint(one_epoch)
    spoil(content)
    torch.save(content, tmp_path / "spoilt.pkl")
    code = train(
        *("--cpu", f"--load={tmp_path / 'spoilt.pkl'}", "--epoch=2", "--thread=0"),
        *(f"--data_dir={drawn_data}", f"--result_dir={tmp_path / 'results'}"),
    )
    assert code == 2
    assert words in capsys.readouterr().err


def test_a_killed_loading_process_costs_no_step(drawn_data, tmp_path, monkeypatch, capsys):
    from tag2pix import Tag2Pix

    step, count = Tag2Pix.training_step, 0

    def killing(self, batch, classify=True):
        nonlocal count
        count += 1
        if count == 3:
            for worker in torch.multiprocessing.active_children():
                os.kill(worker.pid, signal.SIGKILL)
        return step(self, batch, classify)

    monkeypatch.setattr(Tag2Pix, "training_step", killing)
    # More than a worker loads ahead.
    few = ("--batch_size=2", "--thread=1", "--epoch=20")
    code = train(*RUN, *few, f"--data_dir={drawn_data}", f"--result_dir={tmp_path}")
    assert code == 1
    assert "a process that loads images died" in capsys.readouterr().err.splitlines()[-1]
    (newest,) = run_in(tmp_path).glob("*.pkl")
    assert checkpoint(newest)["tag2pix"]["position"]["step"] >= 3


def test_too_few_open_files_are_said(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda _: (24, 24))
    with pytest.raises(InputError, match="at most 24 files may be open"):
        next(stream.stream([1, 2], [[0]], workers=1))


def test_absurdly_many_loading_processes_are_capped(monkeypatch, capsys):
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    options = Namespace(thread=1000, given={"thread"})
    assert loading_processes(options) == 16
    assert "--thread 1000: 16 load" in capsys.readouterr().out
    assert loading_processes(Namespace(thread=5, given={"thread"})) == 5
    assert loading_processes(Namespace(thread=8, given=set())) == 2


def test_a_history_with_a_hole_is_said(tmp_path):
    (tmp_path / "losses.csv").write_text("step,epoch,D_loss,G_loss\n1,1,0.5,2\n2,1,,2\n")
    before = (tmp_path / "losses.csv").read_bytes()
    with pytest.raises(InputError, match="losses.csv is damaged"):
        ResultDirectory(tmp_path, 2)
    assert (tmp_path / "losses.csv").read_bytes() == before
