"""Weights to give away: small, the same colors, and nothing of the machine in them."""

import numpy as np
import pytest
import torch
from reference import fill
from training_runs import TINY, run_in, train

import main
from checkpoints.checkpoint import Checkpoint
from checkpoints.reading import add_prefix
from checkpoints.tag_extractor import read_tag_extractor
from coloring.load import load_colorist
from command_line.options import parse
from network import TagExtractor


def paint(path):
    colorist = load_colorist(parse(["--test", "--load", str(path), "--cpu"]))
    sketch = torch.ones(1, 1, 32, 32)
    sketch[..., 8:20, 10] = 0
    tags = torch.zeros(1, len(colorist.vocabulary.cvt))
    tags[0, 3] = 1
    return colorist.paint(sketch, tags).astype(int)


@pytest.fixture(scope="module")
def trained(drawn_data, tmp_path_factory):
    parent = tmp_path_factory.mktemp("trained")
    flags = (*TINY, f"--data_dir={drawn_data}", f"--result_dir={parent}", "--no_cit", "--epoch=1")
    assert train(*flags) == 0
    return run_in(parent) / "tag2pix_1_epoch.pkl"


def test_exported_weights_color_alike_and_start_new_runs(trained, drawn_data, tmp_path, capsys):
    small = tmp_path / "small.pkl"
    assert main.main(["--load", str(trained), "--export", str(small)]) == 0
    assert "in half precision" in capsys.readouterr().out

    assert trained.stat().st_size > 5 * small.stat().st_size
    assert np.abs(paint(small) - paint(trained)).max() <= 2
    assert str(drawn_data).encode() not in small.read_bytes()
    flags = (*TINY, f"--data_dir={drawn_data}", f"--init={small}", "--epoch=1")
    assert train(*flags, f"--result_dir={tmp_path / 'next'}") == 0
    assert (
        train(*flags[:-2], f"--load={small}", f"--result_dir={tmp_path / 'no'}", "--epoch=2") == 2
    )
    assert "--init starts a new run with its weights" in capsys.readouterr().err


def test_exported_weights_tell_whether_the_discriminator_has_learned(trained, tmp_path):
    small = tmp_path / "small.pkl"
    content = torch.load(trained, weights_only=True)
    for state in (content["D_optimizer"]["state"], {}):
        content["D_optimizer"]["state"] = state
        torch.save(content, tmp_path / "full.pkl")
        assert main.main(["--load", str(tmp_path / "full.pkl"), "--export", str(small)]) == 0
        assert Checkpoint.read(small).discriminator_trained == bool(state)


def test_of_a_tag_extractor_the_truncated_part_is_exported(tmp_path):
    full, small = tmp_path / "model.pth", tmp_path / "small.pth"
    torch.save({"weight": add_prefix(fill(TagExtractor(7)).state_dict())}, full)
    assert main.main(["--pretrain_dump", str(full), "--export", str(small)]) == 0
    before, after = (read_tag_extractor(path, truncated=True) for path in (full, small))
    sketch = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(before(sketch), after(sketch), rtol=0.02, atol=0.02)
    assert small.stat().st_size < 4 * 2**20


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "needs --load FILE or --pretrain_dump FILE"),
        (("--load", "{huge}"), "values that half precision cannot hold"),
        (("--load", "{target}"), "choose another name"),
        (("--load", "missing.pkl"), "missing.pkl does not exist"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(trained, tmp_path, capsys, flags, message):
    content = torch.load(trained, weights_only=True)
    content["G"]["module.Linear.bias"][0] = 1e6
    huge, target = tmp_path / "huge.pkl", tmp_path / "target.pkl"
    torch.save(content, huge)
    if "{target}" in flags:
        target.write_bytes(trained.read_bytes())
    before = target.read_bytes() if target.exists() else None
    flags = [flag.format(huge=huge, target=target) for flag in flags]
    assert main.main([*flags, "--export", str(target)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert (target.read_bytes() if target.exists() else None) == before
    assert Checkpoint.read(trained)
