"""Pretraining the tag extractor: what it writes, that it learns, and how it is measured."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from pretraining_runs import options, table
from training_runs import checkpoint, run_in, train

from checkpoints.tag_extractor import read_tag_extractor
from checkpoints.writing import save
from hardware.processes import Processes
from loader.dataset import collate
from loader.layout import DataDir
from loader.line_art import AugmentedSketches, PlainSketches
from loader.samples import Sample, is_held_out, select
from loader.tag_lines import read_tag_lines
from loader.tags import Vocabulary, load_vocabulary, write_tag_dump
from network import TagExtractor
from network.tag_metrics import measure
from training.classifier import Classification
from training.recipe import Recipe, positive_weights, rate_factor
from training.tag_tables import COLUMNS, write_table


def small_vocabulary(tags: int = 3) -> Vocabulary:
    ids = {f"tag_{number}": number for number in range(1, tags + 1)} | {"red": 99}
    counts = dict.fromkeys(ids.values(), 1)
    cit = tuple(range(1, tags + 1))
    return Vocabulary(cit, (99,), {"face": cit}, {"hair": (99,)}, ids, counts)


def _pixels_of_the_curve(path) -> int:
    with Image.open(path) as plot:
        pixels = np.asarray(plot.convert("RGB")).astype(int)
    return int((np.abs(pixels - (31, 119, 180)).max(axis=-1) < 8).sum())


@pytest.fixture
def whole(two_epochs):
    return two_epochs[0]


def test_model_pth_is_in_the_public_format(whole):
    content = checkpoint(whole / "model.pth")
    assert content["weight"]["module.fc.weight"].shape == (370, 2048)
    assert all(key.startswith("module.") for key in content["weight"])
    assert content["pretraining"]["vocabulary"] == load_vocabulary().dump()
    best = content["pretraining"]["epochs"][-1]
    assert best["macro_ap"] == max(float(row["macro_ap"]) for row in table(whole / "metrics.csv"))

    full = read_tag_extractor(whole / "model.pth", truncated=False)
    half = read_tag_extractor(whole / "model.pth", truncated=True)
    sketch = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    features = half(sketch)
    assert features.shape == (2, 512, 4, 4)
    logits = full.fc(full.layer4(full.layer3(features)).mean(dim=(2, 3)))
    assert logits.equal(full(sketch))


def test_what_a_run_writes(whole):
    losses = table(whole / "losses.csv")
    assert [(row["step"], row["epoch"]) for row in losses] == [
        ("1", "1"),
        ("2", "1"),
        ("3", "2"),
        ("4", "2"),
    ]
    # A warm-up over half an epoch, one step here, and then the cosine down to the last step.
    assert [float(row["lr"]) for row in losses] == pytest.approx([2e-3, 2e-3, 1.5e-3, 0.5e-3])
    epochs = table(whole / "metrics.csv")
    assert [row["epoch"] for row in epochs] == ["1", "2"]
    means = [np.mean([float(row["loss"]) for row in losses[i : i + 2]]) for i in (0, 2)]
    assert [float(row["loss"]) for row in epochs] == pytest.approx(means)

    tags = table(whole / "last.csv")
    measured = [float(row["AP"]) for row in tags if row["AP"]]
    assert int(epochs[-1]["tags"]) == len(measured)
    assert float(epochs[-1]["macro_ap"]) == pytest.approx(np.mean(measured), abs=1e-4)
    assert all((row["held_out"] != "0") == bool(row["AP"]) for row in tags)
    assert sum(int(row["training"]) for row in tags) > 6
    curve = [_pixels_of_the_curve(whole / f"tag2pix_loss_{epoch}.png") for epoch in (1, 2)]
    assert curve[0] > 100 and curve[0] != curve[1]
    assert "* holdout = 0.2" in (whole / "arguments.txt").read_text()


def test_it_says_what_is_next(drawn_data, two_epochs, capsys):
    """And what it names serves the training of the generator."""
    whole, out = two_epochs
    assert "training images: 6; held out: 2, as 2 pieces of line art" in out
    assert "epoch 1/2: loss 0." in out and ", the best so far" in out
    command = out.splitlines()[-1].removeprefix("next: python main.py ").split()
    assert command == ["--data_dir", str(drawn_data), "--pretrain_dump", str(whole / "model.pth")]
    small = ("--input_size=32", "--layers", "1", "1", "1", "1", "--batch_size=2", "--epoch=1")
    assert train(*command, "--cpu", "--thread=0", *small, "--dry_run") == 0
    capsys.readouterr()
    assert train("--pretrain", "--cpu", f"--resume={whole}") == 0
    assert "has finished 2 of 2 epochs; --epoch is the total" in capsys.readouterr().out


def test_it_learns(drawn_data):
    """Few drawings by heart, so that every tag is found in all of them."""
    vocabulary = load_vocabulary()
    lines = read_tag_lines(drawn_data / "tags.txt")
    folder = drawn_data / "simpl_train"
    samples = select(lines, folder, vocabulary, training=True, limit=4).samples
    data = (samples, DataDir(drawn_data), vocabulary)
    torch.manual_seed(0)
    training = Classification(
        TagExtractor(),
        AugmentedSketches(*data, input_size=32),
        PlainSketches(*data, input_size=32),
        vocabulary,
        Recipe(epochs=10, batch_size=4),
        None,
        per_epoch=1,
        dtype=None,
        processes=Processes(),
        record={},
    )

    batch = collate([training.held_out[index] for index in range(4)])
    training.network.train()  # so few steps leave the running statistics behind

    def macro_ap():
        with torch.no_grad():
            return measure(training.network(batch.sketch).sigmoid(), batch.cit).macro_ap

    before = macro_ap()
    losses = [training.step(1, batch)["loss"].item() for _ in range(10)]
    assert before < 0.8 and macro_ap() == 1
    assert losses[-1] < 0.1 * losses[0]


def test_metrics_by_hand():
    scores = torch.tensor(
        [[0.9, 0.2, 0.3], [0.1, 0.8, 0.7], [0.7, 0.6, 0.1], [0.6, 0.1, 0.2]], dtype=torch.float64
    )
    labels = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]])
    found = measure(scores, labels)
    # The first tag is at ranks 1 and 3 of its column: (1/1 + 2/3) / 2.
    assert found.average_precision[:2].tolist() == pytest.approx([5 / 6, 1])
    assert found.precision[:2].tolist() == pytest.approx([2 / 3, 1])
    assert found.recall[:2].tolist() == pytest.approx([1, 1])
    assert found.f1[:2].tolist() == pytest.approx([0.8, 1])
    # The third does not occur: it counts only among all decisions, as one false one.
    assert found.average_precision[2].isnan() and found.f1[2].isnan()
    assert found.tags == 2
    assert found.macro_ap == pytest.approx(11 / 12)
    assert found.macro_f1 == pytest.approx(0.9)
    assert found.micro_f1 == pytest.approx(2 * 4 / (2 * 4 + 2))


def test_the_table_of_tags(tmp_path):
    scores, labels = torch.tensor([[0.9, 0.1, 0.2], [0.2, 0.1, 0.2]]), torch.tensor([[1, 0, 0]] * 2)
    counts = torch.tensor([5.0, 1, 0]), torch.tensor([2.0, 0, 0])
    write_table(tmp_path / "t.csv", measure(scores, labels), small_vocabulary(), *counts)
    rows = [list(row.values()) for row in table(tmp_path / "t.csv")]
    assert tuple(table(tmp_path / "t.csv")[0]) == COLUMNS
    assert rows == [
        ["1", "tag_1", "5", "2", "1.0000", "1.0000", "0.5000", "0.6667"],
        ["2", "tag_2", "1", "0", "", "", "", ""],
    ]


def test_the_split():
    ids = range(1, 20001)
    held_out = {number for number in ids if is_held_out(number, 0.1)}
    assert 0.09 < len(held_out) / len(ids) < 0.11
    assert held_out < {number for number in ids if is_held_out(number, 0.2)}
    assert all(is_held_out(-number, 0.1) == (number in held_out) for number in ids)
    # Other versions hold out the same images.
    assert sorted(held_out)[:4] == [18, 29, 47, 55]


def test_weights_of_positives():
    counts = torch.tensor([50.0, 20, 1, 0, 90])
    assert positive_weights(counts, 100, 5).tolist() == pytest.approx([1, 2, 5, 5, 1])


def test_learning_rates():
    def factors(schedule):
        return [rate_factor(s, warm_up=2, steps=6, schedule=schedule) for s in range(7)]

    half = 0.5**0.5
    cosine = [0.5, 1, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0]
    assert factors("cosine") == pytest.approx(cosine)
    assert factors("constant") == [0.5] + [1] * 6


@pytest.fixture
def mixed_data(drawn_data, tmp_path):
    """The drawn data set with a second kind of line art, and a face crop of a held-out image."""
    root = tmp_path / "mixed"
    shutil.copytree(drawn_data, root)
    shutil.copytree(root / "simpl_train", root / "xdog_train")
    for folder in ("simpl_train", "xdog_train", "rgb_train"):
        shutil.copy(root / folder / "4.png", root / folder / "-4.png")
    lines = (root / "tags.txt").read_text().splitlines()
    lines.append(lines[3].replace("4 ", "-4 ", 1))
    (root / "tags.txt").write_text("\n".join(lines))
    return root


def test_held_out_line_art(mixed_data):
    """Every kind of it, in place and unchanged; what cannot be read is left out."""
    sample = Sample(4, (1, 2), (0,))
    (mixed_data / "xdog_train" / "4.png").write_bytes(b"no image")
    held_out = PlainSketches([sample], DataDir(mixed_data), small_vocabulary(), input_size=64)
    assert len(held_out) == 2
    good, bad = held_out[0], held_out[1]
    with Image.open(mixed_data / "simpl_train" / "4.png") as image:
        pixels = np.asarray(image.convert("L"), np.float32) / 255
    assert np.abs(good.sketch[0].numpy() - pixels).max() < 2 / 255
    assert good.cit.tolist() == [0, 1, 1] and good.broken == ""
    assert bad.cit.tolist() == [-1, -1, -1] and "4.png" in bad.broken


@pytest.fixture
def own_vocabulary(tmp_path):
    """A tag dump with twenty CIT tags."""
    full = load_vocabulary()
    chosen = full.cit_parts["hair"][:20]
    others = full.names.keys() - {*chosen, *full.cvt}
    rows = [(tag, "cit", index, 4) for index, tag in enumerate(chosen)]
    rows += [(tag, "cvt", index, 4) for index, tag in enumerate(full.cvt)]
    rows += [(tag, "-", "", "") for tag in others]
    lines = ["id\tname\tkind\tindex\tpart\tcount"]
    lines += [f"{tag}\t{full.names[tag]}\t{k}\t{i}\t{part}\t1" for tag, k, i, part in rows]
    (tmp_path / "table.tsv").write_text("\n".join(lines), encoding="utf-8")
    write_tag_dump(tmp_path / "table.tsv", tmp_path / "own.pkl")
    return tmp_path / "own.pkl"


def test_line_art_alone_and_another_vocabulary(mixed_data, own_vocabulary, tmp_path, capsys):
    """No color is read, a file that cannot be read is named, and classes follow the vocabulary."""
    shutil.rmtree(mixed_data / "rgb_train")
    broken = mixed_data / "xdog_train" / "2.png"
    broken.write_bytes(b"no image")
    own = ("--batch_size=4", "--epoch=1", f"--tag_dump={own_vocabulary}")
    assert train(*options(mixed_data, tmp_path / "results", *own)) == 0
    out, error = capsys.readouterr()
    assert "data set: 9 of 13 tag lines used; 4 without image" in out
    assert "training images: 7; held out: 2, as 4 pieces of line art" in out
    assert f"skipped: {broken}" in error and f"1 unreadable files ({broken})" in out
    model = run_in(tmp_path / "results") / "model.pth"
    extractor = read_tag_extractor(model, truncated=False)
    assert extractor.fc.out_features == 20

    begin = ("--batch_size=4", "--epoch=1", f"--init={model}")
    assert train(*options(mixed_data, tmp_path / "begun", *begin)) == 0
    recorded = checkpoint(run_in(tmp_path / "begun") / "model.pth")["pretraining"]["vocabulary"]
    assert recorded == load_vocabulary(own_vocabulary).dump()


def test_numbers_that_go_wrong(drawn_data, tmp_path, monkeypatch, capsys):
    plain_step = Classification.step

    def spoilt_step(self, epoch, batch):
        return plain_step(self, epoch, batch._replace(sketch=batch.sketch * torch.nan))

    monkeypatch.setattr(Classification, "step", spoilt_step)
    assert train(*options(drawn_data, tmp_path, "--epoch=1")) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("training diverged in epoch 1, step 1: loss is nan")
    assert not list(run_in(tmp_path).glob("*.pth"))


def test_wrong_use(drawn_data, whole, own_vocabulary, tmp_path, capsys):
    truncated, public = tmp_path / "truncated.pth", tmp_path / "public.pth"
    save({"weight": checkpoint(whole / "model.pth")["weight"]}, public)
    assert train(f"--pretrain_dump={whole / 'model.pth'}", f"--export={truncated}") == 0
    capsys.readouterr()
    for arguments, message in (
        (("--init", whole / "model.pth", "--resume", whole), "give it without --resume"),
        (("--init", truncated), "only the truncated tag extractor, without its classes"),
        (("--init", tmp_path / "none.pth"), "none.pth does not exist"),
        (("--init", whole / "model.pth", f"--tag_dump={own_vocabulary}"), "with other CIT tags"),
        (("--init", public, f"--tag_dump={own_vocabulary}"), "with 370 CIT tags, "),
        (("--holdout=1",), "--holdout 1 is not between 0 and 1"),
        (("--holdout=0.000001",), "nothing to measure with"),
        (("--holdout=0.999999",), "nothing to train on"),
        (("--input_size=40",), "--input_size 40 is not a multiple of 16"),
        (("--batch_size=5",), "batch normalization cannot learn from one image alone"),
        (("--amp=fp16",), "--amp fp16 needs a GPU"),
        (("--data_dir", tmp_path / "none"), "does not exist"),
        (("--resume", tmp_path), "last.pth does not exist"),
        (("--resume", whole / "model.pth"), "cannot be gone on from"),
        (("--resume", whole, "--epoch=9", "--holdout=0.5"), "cannot be held out"),
        (("--resume", "--result_dir", tmp_path / "empty"), "holds no pretraining run"),
    ):
        assert train(*options(drawn_data, tmp_path / "results", *arguments)) == 2, arguments
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1, error
    assert not (tmp_path / "results").exists()
