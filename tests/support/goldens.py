"""What the reference networks answered, and what ours answer on any device."""

import json
from typing import NamedTuple

import numpy as np
import torch
from reference import GOLDEN, fill, golden_arrays, tensor

from hardware.processes import Processes
from loader.dataset import Pair
from network import Discriminator, TagExtractor, build_generator
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix

GENERATORS = ("gen_tag2pix_256_bn_eval", "gen_tag2pix_512_no_bn_eval", "gen_senet_256_eval")
FORWARD = (*GENERATORS, "disc_256_eval", "cit_full_256_eval", "cit_half_256_eval")
INPUT_KINDS = {"original": "original", "sketch": "sketch", "cit": "tags", "cvt": "tags"}
SINGLE = {"G_l1_full": 1e-5, "G_l1_guide": 1e-5}
DOUBLE = {"D_loss": 1e-6, "G_loss": 1e-6}  # tolerances of terms in float64; 1e-5 for others
CPU = torch.device("cpu")


class Compared(NamedTuple):
    """The largest difference to the reference, and how large it may be."""

    difference: float
    tolerance: float

    @property
    def is_near(self) -> bool:
        return self.difference <= self.tolerance  # not so for NaN


def generator_of(description: dict) -> torch.nn.Module:
    options = description["net_opt"]
    return build_generator(
        description["model"],
        input_size=description.get("input_size") or description["size"],
        layers=description["layers"],
        **options,
    )


@torch.no_grad()
def forward(name: str, device: torch.device = CPU) -> dict[str, Compared]:
    """Every output of one of FORWARD in float32: images in [-1, 1], probabilities, features."""
    expected, meta = golden_arrays(name)
    if name in GENERATORS:
        network, keys, outputs = generator_of(meta), ("sketch", "feature", "cvt"), ("G_f", "G_g")
    elif name.startswith("disc"):
        network, keys, outputs = Discriminator(115, 370), ("original",), ("adv", "cit", "cvt")
    else:
        network = TagExtractor(truncated="half" in name)
        keys, outputs = ("sketch",), ("feature" if "half" in name else "prob",)
    network = fill(network).eval().to(device)
    given = [_input(meta, key).to(device) for key in keys]
    found = network(*given)
    found = found if isinstance(found, tuple) else (found,)
    likely = outputs[0] in ("adv", "prob")
    tolerance = 2e-6 if likely else 2e-5
    compared = {}
    for output, value in zip(outputs, found, strict=True):
        value = value.sigmoid() if likely else value
        difference = _sliced(value.cpu(), meta.get("subsample")) - expected[output]
        compared[output] = Compared(float(np.abs(difference).max()), tolerance)
    return compared


def _input(meta: dict, key: str) -> torch.Tensor:
    kind = "tags" if key == "cvt" else key
    return tensor(meta["input_names"][key], meta["input_shapes"][key], kind)


def _sliced(array: torch.Tensor, subsample: str | None) -> np.ndarray:
    return eval(f"array{subsample or '[:]'}", {"array": array.numpy()})


def training_golden(name: str) -> dict:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def build_training(
    config: dict, dtype: torch.dtype, device: torch.device = CPU, **options
) -> Tag2Pix:
    """The networks of a golden training, with the weights that it starts from."""
    architecture = Architecture(
        model=config["model"],
        input_size=config["input_size"],
        layers=tuple(config["layers"]),
        **{key: config[key] for key in ("bn", "guide", "cit", "relu")},
    )
    cit_weight, cvt_weight = config["cit_cvt_weight"]
    loss = ChangingLoss(
        *(config[key] for key in ("l1_lambda", "guide_beta", "adv_lambda")),
        *(cit_weight, cvt_weight, config["cit"], config["guide"]),
    )
    extractor = fill(TagExtractor(truncated=True)).to(dtype) if config["cit"] else None
    options = {"cit_norm": "batch", "generator_passes": 2} | options
    tag2pix = Tag2Pix(
        architecture,
        loss,
        extractor,
        lr_g=config["lrG"],
        lr_d=config["lrD"],
        betas=(config["beta1"], config["beta2"]),
        processes=Processes(device=device),
        **options,
    )
    for network in (tag2pix.generator, tag2pix.discriminator):
        fill(network).to(dtype).train()
    return tag2pix


def training_batch(
    iteration: int, dtype: torch.dtype, config: dict, device: torch.device = CPU
) -> Pair:
    shapes = {
        "original": (3, config["input_size"], config["input_size"]),
        "sketch": (1, config["input_size"], config["input_size"]),
        "cit": (370,),
        "cvt": (115,),
    }
    tensors = {
        name: tensor(f"train/{iteration}/{name}", (config["batch_size"], *shapes[name]), kind)
        for name, kind in INPUT_KINDS.items()
    }
    return Pair(**{name: value.to(device, dtype) for name, value in tensors.items()}, broken="")


def first_iteration_in_single(device: torch.device = CPU) -> dict[str, Compared]:
    """Every term of the first training iteration, relative to the reference's."""
    data = training_golden("train_a")
    tag2pix = build_training(data["config"], torch.float32, device)
    found = tag2pix.training_step(training_batch(0, torch.float32, data["config"], device))
    compared = {}
    for name, value in data["float32"]["iterations"][0].items():
        tolerance = 1e-4 if name.startswith("D_") else SINGLE.get(name, 5e-2)
        compared[name] = Compared(abs(float(found[name]) / value - 1), tolerance)
    return compared


def iterations_in_double(name: str, device: torch.device = CPU) -> dict[str, Compared]:
    """The same of all three iterations in float64: of each term the largest difference."""
    data = training_golden(name)
    config = data["config"]
    tag2pix = build_training(config, torch.float64, device)
    differences = {}
    for iteration, terms in enumerate(data["float64"]["iterations"]):
        given = training_batch(iteration, torch.float64, config, device)
        found = tag2pix.training_step(given, config["epoch"] >= config["two_step_epoch"])
        for term, value in terms.items():
            differences.setdefault(term, []).append(abs(float(found[term]) / value - 1))
    return {
        term: Compared(max(values), DOUBLE.get(term, 1e-5)) for term, values in differences.items()
    }
