"""What docs/architecture.md says of adding things, done; and the use from Python in the README."""

import csv
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from training_runs import TINY, checkpoint, run_in, train

import main
from command_line import flags, modes
from command_line.flag import Flag
from loader import layout
from network import blocks
from network.loss import ChangingLoss
from network.models import MODELS, Model

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def arguments(drawn_data, tmp_path) -> tuple:
    return *TINY, f"--data_dir={drawn_data}", f"--result_dir={tmp_path / 'R'}", "--no_cit"


def test_the_use_from_python(monkeypatch):
    code, *_ = re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(PROJECT)
    names: dict = {}
    exec(code, names)
    assert names["picture"].mode == "RGB" and max(names["picture"].size) == 320
    white, blue = names["picture"].getpixel((2, 2)), names["colorist"].part_colors("hair")[3]
    assert min(white) > 200 and names["colorist"].vocabulary.names[blue] == "blue_hair"


def test_a_loss_term_has_a_column_of_its_own(arguments, tmp_path, monkeypatch):
    plain = ChangingLoss.reconstruction

    def with_edges(self, final, guide, original, *others):
        terms = plain(self, final, guide, original, *others)
        terms["G_edges"] = (final.diff(dim=3) - original.diff(dim=3)).abs().mean()
        return terms | {"G_loss": terms["G_loss"] + terms["G_edges"]}

    monkeypatch.setattr(ChangingLoss, "reconstruction", with_edges)
    assert train(*arguments, "--epoch=2") == 0
    with (run_in(tmp_path / "R") / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 and all(0 < float(row["G_edges"]) < 10 for row in rows)


def test_a_decoder_block_is_a_class_and_a_row(arguments, tmp_path, monkeypatch, capsys):
    class PlainBlock(nn.Module):
        def __init__(self, channels: int, planes: int, bn: bool = True):
            super().__init__()
            self.conv = nn.Conv2d(channels, 4 * planes, 1)

        def forward(self, x, style=None):
            return torch.relu(self.conv(x))

    monkeypatch.setattr(blocks, "PlainBlock", PlainBlock, raising=False)
    monkeypatch.setitem(MODELS, "plain", Model("PlainBlock"))
    row = flags.FLAGS["model"]
    monkeypatch.setitem(flags.FLAGS, "model", row)
    monkeypatch.setattr("network.models.MODELS", MODELS)
    groups = flags.GROUPS["network"]
    changed = Flag(**{**row.__dict__, "choices": (*row.choices, "plain")})
    monkeypatch.setitem(
        flags.GROUPS, "network", [changed if flag is row else flag for flag in groups]
    )
    monkeypatch.setitem(flags.FLAGS, "model", changed)

    assert train(*arguments, "--model", "plain", "--epoch=1") == 0
    run = run_in(tmp_path / "R")
    state = checkpoint(run / "tag2pix_1_epoch.pkl")
    assert state["tag2pix"]["architecture"]["model"] == "plain"
    assert "module.deconv1.secat_layer.0.conv.weight" in state["G"]
    assert train("--cpu", "--resume", str(run), "--epoch=2", "--thread=0") == 0
    picture = str(PROJECT / "testset" / "liner_test" / "2.png")
    load = ("--test", "--load", str(run / "tag2pix_2_epoch.pkl"), "--cpu")
    out = ("--result_dir", str(tmp_path / "P"))
    assert main.main([*load, "--image", picture, "--tags", "blue_hair", *out]) == 0


def test_a_mode_is_two_rows_and_a_function(monkeypatch, capsys):
    flag = Flag("describe", False, "say what the checkpoint of --load is", {"describe"})
    load = flags.FLAGS["load"]
    monkeypatch.setattr(flags, "MODE_FLAGS", [*flags.MODE_FLAGS, flag])
    monkeypatch.setattr("command_line.options.MODE_FLAGS", flags.MODE_FLAGS)
    monkeypatch.setitem(flags.FLAGS, "describe", flag)
    monkeypatch.setitem(flags.GROUPS, "what to do", [*flags.GROUPS["what to do"], flag])
    widened = Flag(**{**load.__dict__, "modes": load.modes | {"describe"}})
    monkeypatch.setitem(flags.FLAGS, "load", widened)
    monkeypatch.setitem(modes.MODES, "describe", modes.Mode("test_how_to_add:describe"))
    assert main.main(["--describe", "--load", "W.pkl"]) == 7
    assert capsys.readouterr().out == "W.pkl\n"


def describe(options) -> int:
    print(options.load)
    return 7


def test_a_source_of_line_art_is_the_name_of_its_folder(
    arguments, drawn_data, tmp_path, monkeypatch
):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("rgb_train", "tags.txt"):
        (data / name).symlink_to(drawn_data / name)
    (data / "own_train").symlink_to(drawn_data / "simpl_train")
    own = [flag for flag in arguments if not flag.startswith("--data_dir")]
    assert train(*own, f"--data_dir={data}", "--epoch=1") == 2
    monkeypatch.setattr(layout, "LINE_ART_FOLDERS", (*layout.LINE_ART_FOLDERS, "own_train"))
    assert train(*own, f"--data_dir={data}", "--epoch=1") == 0
