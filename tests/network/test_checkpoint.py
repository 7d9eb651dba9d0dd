"""Weight files: read, written, recognized, and refused with the right word."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from reference import GOLDEN, fill, manifest, noise, weight

from checkpoints.checkpoint import Checkpoint
from checkpoints.reading import load_state
from checkpoints.tag_extractor import read_tag_extractor
from checkpoints.writing import save
from errors import CheckpointError
from loader.dataset import Pair
from loader.tags import TAG_DUMP
from network import Discriminator, Generator, TagExtractor
from network.architecture import Architecture, infer_architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix

SMALL = Architecture(input_size=64, layers=(2, 1, 1, 1), bn=False)
GENERATORS = sorted(
    path.stem
    for path in (GOLDEN / "manifests").glob("*.json")
    if manifest(path.stem)["kind"] == "generator"
)


def shapes(name: str) -> dict[str, torch.Tensor]:
    return {
        entry["key"]: torch.empty(entry["shape"], device="meta")
        for entry in manifest(name)["state_dict"]
    }


def public_state(name: str) -> dict[str, torch.Tensor]:
    """A state dict as the public code writes it: every key prefixed."""
    return {
        "module." + entry["key"]: torch.as_tensor(weight(entry["key"], entry["shape"]))
        for entry in manifest(name)["state_dict"]
    }


def public_adam(name: str) -> dict:
    """An Adam state as PyTorch 1.0 wrote it: the steps are plain integers, few options."""
    described = manifest(name)
    sizes = {entry["key"]: entry["shape"] for entry in described["state_dict"]}
    state = {
        index: {
            "step": 5,
            "exp_avg": torch.from_numpy(0.001 * noise("m/" + key, sizes[key])),
            "exp_avg_sq": torch.from_numpy(1e-6 * noise("v/" + key, sizes[key]) ** 2),
        }
        for index, key in enumerate(described["parameters"])
    }
    group = {"lr": 0.0003, "betas": (0.5, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False}
    return {"state": state, "param_groups": [{**group, "params": list(state)}]}


def any_batch() -> Pair:
    images = torch.rand(2, 3, 64, 64), torch.rand(2, 1, 64, 64)
    return Pair(*images, torch.ones(2, 370), torch.ones(2, 115), "")


@pytest.fixture(scope="module")
def public_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("public") / "tag2pix_64.pkl"
    generator, discriminator = "tag2pix__64_no_bn_layers2111", "discriminator__any"
    content = {
        "G": public_state(generator),
        "D": public_state(discriminator),
        "G_optimizer": public_adam(generator),
        "D_optimizer": public_adam(discriminator),
        "finish_epoch": 3,
        "result_path": "x",
    }
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize("name", GENERATORS)
def test_the_architecture_is_read_off_the_keys(name):
    described = manifest(name)
    found = infer_architecture(shapes(name), shapes("discriminator__any"))
    assert found == Architecture(
        model=described["model"],
        input_size=described["input_size"],
        layers=tuple(described["layers"]),
        **described["net_opt"],
    )


@pytest.mark.parametrize("model", ["tag2pix", "senet", "resnext", "catconv", "catall", "seadain"])
def test_ablations_without_their_usual_parts_are_recognized(model):
    wanted = Architecture(model, 32, 115, 370, (1, 2, 1, 1), bn=False, guide=False, cit=False)
    with torch.device("meta"):
        generator, discriminator = Generator(wanted), Discriminator()
    found = infer_architecture(generator.state_dict(), discriminator.state_dict())
    assert found == wanted


def test_a_public_checkpoint_goes_on_training(public_file):
    checkpoint = Checkpoint.read(public_file)
    assert checkpoint.architecture == SMALL and checkpoint.is_public
    assert checkpoint.position.epoch == 3 and checkpoint.position.batch == 0
    tag2pix = Tag2Pix(SMALL, ChangingLoss(), TagExtractor(truncated=True), lr_g=0.0003)
    tag2pix.restore(checkpoint)
    for key, value in tag2pix.generator.state_dict().items():
        assert value.equal(torch.as_tensor(weight(key, value.shape))), key
    moments = {
        name: tag2pix.optimizer_g.state[parameter]["exp_avg"]
        for name, parameter in tag2pix.generator.named_parameters()
    }
    key = "deconv1.secat_layer.1.conv2.weight"
    assert moments[key].equal(torch.from_numpy(0.001 * noise("m/" + key, moments[key].shape)))
    terms = tag2pix.training_step(any_batch())
    assert all(value.isfinite() for value in terms.values())


def test_code_written_for_the_public_format_reads_ours(tmp_path):
    """A minimal reader: data-parallel keys, optimizer indices in the manifest's order."""
    name = "tag2pix__64_no_bn_layers2111"
    tag2pix = Tag2Pix(SMALL, ChangingLoss(), TagExtractor(truncated=True))
    tag2pix.training_step(any_batch())
    path = tmp_path / "tag2pix_1_epoch.pkl"
    save(tag2pix.state() | {"result_path": "results/x"}, path)

    content = torch.load(path, map_location="cpu", weights_only=True)
    described = manifest(name)
    assert list(content["G"]) == ["module." + e["key"] for e in described["state_dict"]]
    assert content["result_path"] == "results/x"
    parameters = [
        torch.nn.Parameter(content["G"]["module." + key].clone()) for key in described["parameters"]
    ]
    optimizer = torch.optim.Adam(parameters, lr=1, betas=(0.9, 0.9))
    optimizer.load_state_dict(content["G_optimizer"])
    assert optimizer.param_groups[0]["lr"] == 0.0002
    for (key, own), parameter in zip(tag2pix.generator.named_parameters(), parameters, strict=True):
        mine = tag2pix.optimizer_g.state[own]["exp_avg"]
        assert optimizer.state[parameter]["exp_avg"].equal(mine), key


def test_ours_come_back_whole(tmp_path):
    tag2pix = Tag2Pix(SMALL, ChangingLoss(), TagExtractor(truncated=True))
    fill(tag2pix.generator)
    path = tmp_path / "ours.pkl"
    save(tag2pix.state(), path)
    checkpoint = Checkpoint.read(path)
    assert checkpoint.architecture == SMALL
    restored = checkpoint.build_generator()
    for key, value in restored.state_dict().items():
        assert value.equal(tag2pix.generator.state_dict()[key]), key
    assert [p.name for p in tmp_path.iterdir()] == ["ours.pkl"]


@pytest.mark.parametrize("truncated", [True, False])
@pytest.mark.parametrize("prefix", ["module.", ""])
def test_tag_extractor_files(tmp_path, truncated, prefix):
    network = fill(TagExtractor(12, truncated=truncated))
    state = {prefix + key: value for key, value in network.state_dict().items()}
    torch.save({"weight": state}, tmp_path / "model.pth")
    loaded = read_tag_extractor(tmp_path / "model.pth", truncated=True)
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    sketch = torch.rand(1, 1, 32, 32)
    features = fill(TagExtractor(12, truncated=True)).eval()(sketch)
    assert loaded(sketch).equal(features)
    if truncated:
        with pytest.raises(CheckpointError, match="only the truncated tag extractor"):
            read_tag_extractor(tmp_path / "model.pth", truncated=False)


def test_mixed_up_files_are_named(tmp_path, public_file):
    torch.save({"weight": TagExtractor(3).state_dict()}, tmp_path / "model.pth")
    (tmp_path / "history.pkl").write_bytes(pickle.dumps({"D_loss": [1.0], "G_loss": [2.0]}))
    (tmp_path / "page.pkl").write_text("<!DOCTYPE html><title>404</title>")
    (tmp_path / "empty.pkl").touch()
    torch.save({"G": {}, "D": {}, "lr": np.array([0.5])}, tmp_path / "numpy.pkl")
    for path, words in (
        (tmp_path / "model.pth", "holds a tag extractor .give it as --pretrain_dump"),
        (TAG_DUMP, "is a tag dump .give it as --tag_dump"),
        (tmp_path / "history.pkl", "is a loss history"),
        (tmp_path / "page.pkl", "a web page"),
        (tmp_path / "empty.pkl", "is empty"),
        (tmp_path / "numpy.pkl", "holds more than numbers and text: numpy"),
        (tmp_path / "none.pkl", "does not exist"),
    ):
        with pytest.raises(CheckpointError, match=words) as caught:
            Checkpoint.read(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(CheckpointError, match="is a Tag2Pix checkpoint .give it as --load"):
        read_tag_extractor(public_file, truncated=True)
    with pytest.raises(CheckpointError, match="is a tag dump"):
        read_tag_extractor(TAG_DUMP, truncated=True)


def test_a_file_cut_short_is_recognized(tmp_path, small_checkpoint):
    whole = small_checkpoint.read_bytes()
    for share in (0.5, 0.999):
        (tmp_path / "cut.pkl").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(CheckpointError, match="cut short or damaged"):
            Checkpoint.read(tmp_path / "cut.pkl")


def test_missing_and_misshapen_weights_are_named(tmp_path, public_file):
    checkpoint = Checkpoint.read(public_file)
    generator = Generator(SMALL)
    state = dict(checkpoint.generator)
    state.pop("conv3.2.bias")
    with pytest.raises(CheckpointError, match="conv3.2.bias"):
        load_state(generator, state, "some.pkl")
    with pytest.raises(ValueError, match="not Tag2Pix's"):
        infer_architecture({"Linear.weight": torch.ones(512, 115)}, checkpoint.discriminator)


def test_no_code_in_a_file_is_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "made"),))

    torch.save({"G": Harmful(), "D": {}}, tmp_path / "harmful.pkl")
    with pytest.raises(CheckpointError):
        Checkpoint.read(tmp_path / "harmful.pkl")
    assert not (tmp_path / "made").exists()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "weights.pkl"
    save({"value": torch.ones(3)}, path)

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="no space"):
        save({"value": torch.zeros(3)}, path)
    monkeypatch.undo()
    assert torch.load(path, weights_only=True)["value"].equal(torch.ones(3))
    assert [p.name for p in tmp_path.iterdir()] == ["weights.pkl"]
