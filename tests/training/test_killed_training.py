"""kill -9 at random moments, again and again: the run always goes on, and ends the same."""

import importlib
import os
import random
import signal
import time

import pytest
import torch
from training_runs import TINY, assert_same, checkpoint, run_in, train

# Saving after every step makes it likely that a kill meets a checkpoint that is being written.
OPTIONS = (
    *TINY,
    *("--no_cit", "--two_step_epoch=3", "--brightness_epoch=5"),
    *("--save_minutes=0.0001", "--keep=2", "--test_image_count=1", "--thread=1"),
)


def start(arguments, log):
    """main.py in a forked process, which spares it the seconds that imports take."""
    process = os.fork()
    if process == 0:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os._exit(train(*arguments))
    return process


def ends_before(process, deadline):
    """The exit code if the process ends by itself, None if it had to be killed."""
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


@pytest.mark.parametrize(
    "kills, epochs, least", [(5, 3, 1), pytest.param(50, 24, 20, marks=pytest.mark.slow)]
)
def test_killed_again_and_again(kills, epochs, least, drawn_data, tmp_path):
    importlib.import_module("torch._dynamo")  # the optimizer loads it: here once for all

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    whole, killed, log = tmp_path / "whole", tmp_path / "killed", tmp_path / "log"
    given = (*OPTIONS, f"--epoch={epochs}", f"--data_dir={drawn_data}")
    started = time.monotonic()
    process = start((*given, f"--result_dir={whole}"), log)
    assert ends_before(process, started + 600) == 0, log.read_text()
    # Enough for the start and, if it is late, for a few steps, but not for the whole run.
    undisturbed = time.monotonic() - started
    longest = min(2 + undisturbed / epochs, 0.6 * undisturbed)

    chance = random.Random(0)
    killed_times, code = 0, None
    while code is None:
        arguments = ("--cpu", "--resume", f"--result_dir={killed}")
        if not list(killed.glob("*/*.pkl")):
            arguments = (*given, f"--result_dir={killed}")
        seconds = chance.uniform(0, longest) if killed_times < kills else 600
        code = ends_before(start(arguments, log), time.monotonic() + seconds)
        killed_times += code is None
    torch.set_num_threads(threads)
    assert code == 0, log.read_text()[-2000:]
    print(f"killed {killed_times} times")
    last = [path.parent for path in killed.glob(f"*/tag2pix_{epochs}_epoch.pkl")]
    assert len(last) == 1
    name = f"tag2pix_{epochs}_epoch.pkl"
    assert_same(checkpoint(last[0] / name), checkpoint(run_in(whole) / name))
    assert (last[0] / "losses.csv").read_bytes() == (run_in(whole) / "losses.csv").read_bytes()
    assert not list(last[0].glob(".*.tmp*"))
    assert killed_times >= least
