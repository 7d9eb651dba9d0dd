"""A tiny data directory that is drawn once, small checkpoints with random weights, and processes
for little work."""

import contextlib
import io
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pretraining_runs import options
from training_runs import run_in, train

from checkpoints.writing import save
from drawn_art.adventurer.picture import choose
from drawn_art.render import render_cropped
from loader.tag_lines import format_tag_line
from loader.tags import load_vocabulary
from network.architecture import Architecture
from network.loss import ChangingLoss
from network.tag_extractor import TagExtractor
from preprocessor.metadata import each_piece, place
from tag2pix import Tag2Pix

SIZE = 64
TRAINING, HELD_OUT = 8, 4


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory) -> None:
    """What a user's runs leave in the home directory goes elsewhere."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """Shells start what runs in the background deaf to Ctrl-C, and its processes inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _save(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory) -> Path:
    """A data directory: 8 training pairs, 4 others as benchmark and liner_test. Read only."""
    root = tmp_path_factory.mktemp("drawn")
    lines = []
    for index in range(TRAINING + HELD_OUT):
        drawing = choose(7, index, outside=False)
        pictures = render_cropped(drawing, SIZE)
        name = f"{index + 1}.png"
        held_out = index >= TRAINING
        _save(pictures["color"], root / ("benchmark" if held_out else "rgb_train") / name)
        for folder in ("keras_test", "liner_test") if held_out else ("simpl_train",):
            _save(pictures["line_art"], root / folder / name)
        lines.append(format_tag_line(index + 1, drawing.tags))
    (root / "tags.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory) -> Path:
    """A checkpoint of ours, 32 px without CIT, with random weights. Read only."""
    torch.manual_seed(0)
    architecture = Architecture(input_size=32, layers=(1, 1, 1, 1), cit=False)
    content = Tag2Pix(architecture, ChangingLoss(cit=False)).state()
    content["tag2pix"] |= {"color_space": "rgb", "vocabulary": load_vocabulary().dump()}
    path = tmp_path_factory.mktemp("weights") / "small.pkl"
    save(content | {"result_path": "results/x"}, path)
    return path


@pytest.fixture(scope="session")
def model_pth(tmp_path_factory) -> Path:
    """A truncated tag extractor with random weights."""
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("cit") / "model.pth"
    save({"weight": TagExtractor(370, truncated=True).state_dict()}, path)
    return path


@pytest.fixture
def always_all_jobs(monkeypatch):
    """Tag extraction starts its processes for any amount of work."""
    monkeypatch.setattr(each_piece, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(place, "WORTH_A_PROCESS", 1)


@pytest.fixture(scope="session")
def two_epochs(drawn_data, tmp_path_factory) -> tuple[Path, str]:
    """A pretraining run of two epochs without interruption: its directory, and what it said."""
    parent, said = tmp_path_factory.mktemp("two_epochs"), io.StringIO()
    with contextlib.redirect_stdout(said):
        assert train(*options(drawn_data, parent, "--epoch=2")) == 0
    return run_in(parent), said.getvalue()
