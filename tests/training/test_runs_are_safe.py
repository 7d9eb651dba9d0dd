"""A run is not spoilt by another process, by what a file says, or by the end of a terminal."""

import shutil
import signal

import pytest
import torch
from pretraining_runs import options as pretraining
from training_runs import TINY, checkpoint, run_in, signal_at_step, train

from files.lock import free
from training.loop import Loop
from training.results import lock_run

RUN = (*TINY, "--no_cit")
NAME = "tag2pix_1_epoch.pkl"


@pytest.fixture(scope="module")
def finished(drawn_data, tmp_path_factory):
    """The directory of a run of one epoch. Read only."""
    parent = tmp_path_factory.mktemp("finished")
    assert train(*RUN, "--epoch=1", f"--data_dir={drawn_data}", f"--result_dir={parent}") == 0
    return run_in(parent)


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it."""
    return shutil.copytree(finished, tmp_path / "results" / "run")


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("is_named", [True, False])
def test_a_run_that_is_alive_is_left_alone(run, is_named, drawn_data, capsys):
    """Also its checkpoint that is not finished; once it has ended, others go on."""
    unfinished = run / ".tag2pix_2_epoch.77.tmp.pkl"
    unfinished.write_bytes(b"half")
    which = f"--resume={run}" if is_named else "--resume"
    flags = ("--cpu", which, f"--result_dir={run.parent}", f"--data_dir={drawn_data}")
    held = lock_run(run)
    before = contents(run)
    assert train(*flags, "--epoch=2") == 2
    line = f"{run} is being trained by another process: wait for its end\n"
    assert capsys.readouterr().err == line
    assert contents(run) == before
    free(held)
    assert train(*flags, "--epoch=2") == 0
    assert (run / "tag2pix_2_epoch.pkl").exists() and not unfinished.exists()


def test_pretraining_that_is_alive_is_left_alone(two_epochs, tmp_path, capsys):
    run = shutil.copytree(two_epochs[0], tmp_path / "run")
    held = lock_run(run)
    before = contents(run)
    assert train("--pretrain", "--cpu", f"--resume={run}", "--epoch=3") == 2
    assert f"{run} is being trained by another process" in capsys.readouterr().err
    assert contents(run) == before
    free(held)


@pytest.mark.parametrize("kind", ["cut short", "a link to nothing", "a folder"])
def test_a_newest_checkpoint_that_is_none_is_passed_over(kind, run, drawn_data, capsys):
    newest = run / "tag2pix_2_epoch.pkl"
    if kind == "cut short":
        newest.write_bytes((run / NAME).read_bytes()[:1000])
    elif kind == "a folder":
        newest.mkdir()
    else:
        newest.symlink_to(run / "nowhere")
    assert train("--cpu", f"--resume={run}", f"--data_dir={drawn_data}", "--epoch=1") == 0
    out, error = capsys.readouterr()
    assert error.startswith(f"{newest} ") and error.endswith("; using the one before it\n")
    assert f"nothing to do: {run / NAME} has finished 1 of 1 epochs" in out


def test_a_file_decides_neither_what_is_read_nor_what_is_written(
    finished, drawn_data, tmp_path, capsys
):
    content = checkpoint(finished / NAME)
    evil = {name: str(tmp_path / f"evil_{name}") for name in ("data_dir", "result_dir", "cache")}
    content["tag2pix"]["options"] |= evil
    foreign = tmp_path / "foreign" / NAME
    foreign.parent.mkdir()
    torch.save(content, foreign)
    flags = ("--cpu", f"--load={foreign}", "--epoch=2", f"--result_dir={tmp_path / 'own'}")
    assert train(*flags) == 2
    error = capsys.readouterr().err
    assert f"was trained with --data_dir {evil['data_dir']}: give that again" in error
    assert [path.name for path in tmp_path.iterdir()] == ["foreign"]
    assert train(*flags, f"--data_dir={drawn_data}") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "own"]
    assert [path.name for path in foreign.parent.iterdir()] == [NAME]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP on Windows")
def test_a_terminal_that_is_closed_saves(drawn_data, tmp_path, monkeypatch, capsys):
    signal_at_step(monkeypatch, 1, signal.SIGHUP)
    flags = (f"--data_dir={drawn_data}", f"--result_dir={tmp_path}", "--epoch=9")
    assert train(*RUN, *flags) == 0
    assert "stopped; go on with --resume: 0 epochs, 1 steps" in capsys.readouterr().out
    saved = checkpoint(run_in(tmp_path) / "tag2pix_resume_0_1.pkl")
    assert saved["tag2pix"]["position"] == {"epoch": 0, "batch": 1, "step": 1}


@pytest.mark.parametrize("task", ["train", "pretrain"])
def test_what_measures_is_not_trained_on(task, drawn_data, tmp_path, monkeypatch):
    """Nor its faces, though their line art lies where that of the others does."""
    data = shutil.copytree(drawn_data, tmp_path / "data")
    for folder in ("rgb_train", "simpl_train"):
        for name in ("9.png", "-9.png", "-3.png"):
            shutil.copy(data / "simpl_train" / "3.png", data / folder / name)
    lines = (data / "tags.txt").read_text().splitlines()
    lines += [lines[8].replace("9 ", "-9 ", 1), lines[2].replace("3 ", "-3 ", 1)]
    (data / "tags.txt").write_text("\n".join(lines))
    loops = []
    monkeypatch.setattr(Loop, "run", lambda self: loops.append(self))
    places = (data, tmp_path / "results")
    flags = pretraining(*places)
    if task == "train":
        flags = (*RUN, f"--data_dir={places[0]}", f"--result_dir={places[1]}")
    assert train(*flags, "--epoch=1", "--batch_size=9") == 0
    samples = [*loops[0].data.samples]
    if task == "pretrain":
        samples += loops[0].task.held_out.samples
    assert sorted({sample.file_id for sample in samples}) == [-3, *range(1, 9)]
