"""Weight files: the public format read safely and written atomically, with more inside.

A checkpoint is a dict with state dicts `G` and `D` (keys prefixed "module."), the Adam states
`G_optimizer` and `D_optimizer`, `finish_epoch` and `result_path`. Ours add one entry, `tag2pix`:
the architecture, the color space, the tag vocabulary and the state of the training run, in plain
containers. A tag extractor's file is a dict with its state dict (same prefix) as `weight`.
"""

import os
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from errors import CheckpointError
from network.discriminator import Discriminator
from network.generator import Generator, build_generator, check_generator
from network.tag_extractor import TagExtractor

PREFIX = "module."
State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Architecture:
    """Everything that the networks' shapes depend on; see `build_generator`."""

    model: str = "tag2pix"
    input_size: int = 256
    cvt_classes: int = 115
    cit_classes: int = 370
    layers: tuple[int, ...] = (12, 8, 5, 5)
    bn: bool = True
    guide: bool = True
    relu: bool = False
    cit: bool = True

    def check(self) -> None:
        """Raises ValueError when there is no such network."""
        check_generator(self.model, self.input_size, self.layers, self.relu)

    def generator(self) -> Generator:
        return build_generator(**asdict(self))

    def discriminator(self) -> Discriminator:
        return Discriminator(self.cvt_classes, self.cit_classes)


def strip_prefix(state: State) -> dict[str, Tensor]:
    """State dict without the "module." that data-parallel training puts before every key."""
    return {key.removeprefix(PREFIX): value for key, value in state.items()}


def add_prefix(state: State) -> dict[str, Tensor]:
    return {PREFIX + key: value for key, value in state.items()}


def infer_architecture(generator: State, discriminator: State) -> Architecture:
    """Read the architecture off the keys and shapes of state dicts without prefix.

    Raises CheckpointError when they are not those of a Tag2Pix generator and discriminator.
    """
    try:
        return Architecture(
            model=_model(generator),
            input_size=16 * round((generator["Linear.weight"].shape[0] / 32) ** 0.5),
            cvt_classes=generator["Linear.weight"].shape[1],
            cit_classes=discriminator["cit_judge.0.weight"].shape[0],
            layers=tuple(_block_count(generator, stage) for stage in range(1, 5)),
            bn=_has_bn(generator),
            guide="deconv_for_decoder.0.weight" in generator,
            relu="colorFC.6.weight" in generator,
            cit="featureConv.network.0.weight" in generator,
        )
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"its networks are not Tag2Pix's ({error} is missing)") from error


def _model(state: State) -> str:
    if "deconv1.0.0.conv1.weight" in state:
        return "senet"
    block = "deconv1.secat_layer.0."
    if block + "adain1.style.linear.weight_orig" in state:
        return "seadain" if block + "downsample.0.weight" in state else "adain"
    gate = state.get(block + "selayer.fc.0.weight")
    if gate is None:
        return "resnext"
    if gate.shape[1] != state[block + "conv3.weight"].shape[0]:
        return "tag2pix"
    styled = state[block + "conv3.weight"].shape[1] != state[block + "conv1.weight"].shape[0]
    return "catall" if styled else "catconv"


def _block_count(state: State, stage: int) -> int:
    pattern = re.compile(rf"deconv{stage}\.(?:secat_layer|0)\.(\d+)\.")
    return 1 + max(int(match[1]) for key in state if (match := pattern.match(key)))


def _has_bn(state: State) -> bool:
    """Also for adain, whose blocks have none: with BN the second convolution of `featureConv` is
    its fourth module. Without CIT nothing of adain depends on it."""
    if any(".bn1." in key for key in state) or "featureConv.network.3.weight" in state:
        return True
    return _model(state) == "adain" and "featureConv.network.0.weight" not in state


def read(path: str | os.PathLike) -> dict[str, Any]:
    """Read a checkpoint onto the CPU, keys of `G` and `D` without prefix; no code in it is run.

    Raises CheckpointError, naming what the file is when it is another of the project's files.
    """
    content = _load(path, wanted="a Tag2Pix checkpoint such as tag2pix_512.pkl")
    if "weight" in content and "G" not in content:
        raise CheckpointError(
            f"{path} holds a tag extractor (give it as --pretrain_dump); "
            "wanted is a Tag2Pix checkpoint such as tag2pix_512.pkl"
        )
    missing = [key for key in ("G", "D") if not isinstance(content.get(key), Mapping)]
    if missing:
        raise CheckpointError(f"{path} is not a Tag2Pix checkpoint: it has no {missing[0]}")
    return content | {"G": strip_prefix(content["G"]), "D": strip_prefix(content["D"])}


def architecture(content: Mapping[str, Any], path: str | os.PathLike) -> Architecture:
    """The architecture of a checkpoint that `read` returned: recorded in it, or else inferred."""
    try:
        inferred = infer_architecture(content["G"], content["D"])
        recorded = content.get("tag2pix", {}).get("architecture")
        if recorded is None:
            return inferred
        return Architecture(**{**recorded, "layers": tuple(recorded["layers"])})
    except (CheckpointError, TypeError, KeyError) as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error


def discriminator_trained(content: Mapping[str, Any]) -> bool:
    """Whether the discriminator of a checkpoint has learned anything; public files do not say."""
    extra = content.get("tag2pix", {})
    if "discriminator_trained" in extra:
        return bool(extra["discriminator_trained"])
    if "D_optimizer" not in content:
        return True
    before = extra.get("initial", {}).get("discriminator_trained", False)
    return bool(content["D_optimizer"]["state"]) or before


def resize(generator: State, input_size: int) -> dict[str, Tensor]:
    """A generator's state dict without prefix, for another input size.

    Only the map of the colors at the bottom depends on it; it is interpolated.
    """
    old, new = round((generator["Linear.weight"].shape[0] / 32) ** 0.5), input_size // 16
    resized = dict(generator)
    for key in ("Linear.weight", "Linear.bias"):
        maps = generator[key].reshape(32, old, old, -1).permute(3, 0, 1, 2)  # (tags or 1, 32, H, W)
        maps = F.interpolate(maps, (new, new), mode="bilinear", align_corners=False)
        resized[key] = maps.permute(1, 2, 3, 0).reshape(32 * new * new, *generator[key].shape[1:])
    return resized


def load_state(network: torch.nn.Module, state: State, path: str | os.PathLike) -> None:
    """Load weights, all of them; CheckpointError names the first key that does not fit."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        detail = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise CheckpointError(f"{path} does not fit the network: {detail}") from error


def read_tag_extractor(path: str | os.PathLike, *, truncated: bool) -> TagExtractor:
    """Build the tag extractor of a `model.pth`, in eval mode, parameters frozen.

    The file may hold the full network or, if `truncated`, only the part that yields features.
    """
    return _tag_extractor(_read_model(path), path, truncated=truncated)


def read_pretrained(path: str | os.PathLike) -> tuple[TagExtractor, dict[str, Any]]:
    """The full tag extractor of a `model.pth`, and its entry `pretraining`, empty in public files.

    Raises CheckpointError.
    """
    content = _read_model(path)
    return _tag_extractor(content, path, truncated=False), content.get("pretraining", {})


def _read_model(path: str | os.PathLike) -> dict[str, Any]:
    content = _load(path, wanted="a tag extractor such as model.pth")
    if "G" in content:
        raise CheckpointError(
            f"{path} is a Tag2Pix checkpoint (give it as --load); "
            "wanted is a tag extractor such as model.pth"
        )
    if not isinstance(content.get("weight"), Mapping):
        raise CheckpointError(f"{path} is not a tag extractor: it has no entry 'weight'")
    return content


def _tag_extractor(
    content: Mapping[str, Any], path: str | os.PathLike, *, truncated: bool
) -> TagExtractor:
    state = strip_prefix(content["weight"])
    if "fc.weight" not in state and not truncated:
        raise CheckpointError(f"{path} holds only the truncated tag extractor, without its classes")
    classes = state["fc.weight"].shape[0] if "fc.weight" in state else 0
    extractor = TagExtractor(classes, truncated=truncated)
    wanted = extractor.state_dict()
    load_state(extractor, {key: state[key] for key in wanted if key in state}, path)
    return extractor.eval().requires_grad_(False)


def read_pretraining(path: str | os.PathLike) -> dict[str, Any]:
    """Read what --pretrain saves to go on from: `weight` without prefix, `optimizer`, and the entry
    `pretraining`. Raises CheckpointError."""
    content = _load(path, wanted="the last.pth of a pretraining run")
    if not {"weight", "optimizer", "pretraining"} <= content.keys():
        raise CheckpointError(f"{path} cannot be gone on from; wanted is a last.pth of --pretrain")
    return content | {"weight": strip_prefix(content["weight"])}


def _load(path: str | os.PathLike, wanted: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            # Files that are no weights make torch wonder aloud before it fails.
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist; wanted is {wanted}") from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path} {_describe(path)}; wanted is {wanted}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}; wanted is {wanted}")
    if "iv_tag_list" in content:
        raise CheckpointError(f"{path} is a tag dump (give it as --tag_dump); wanted is {wanted}")
    return content


def _describe(path: str | os.PathLike) -> str:
    """What a file that torch cannot load looks like."""
    with Path(path).open("rb") as file:
        start = file.read(4096)
    if b"iv_tag_list" in start:
        return "is a tag dump (give it as --tag_dump)"
    if b"D_loss" in start:
        return "is a loss history"
    if start.startswith(b"PK"):
        return "is cut short or damaged"
    if start.startswith((b"<", b"version https://git-lfs")):
        return "is a web page or a pointer to the file, not the file: download it again"
    return "is not a PyTorch weight file" if start else "is empty"


def save(content: Mapping[str, Any], path: str | os.PathLike) -> None:
    """Write a weight file so that an interruption leaves the old one or the new one, whole.

    Raises OSError when there is no room for it.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except RuntimeError as error:
        # torch's writer hides what the file said, the last error in the chain.
        raise OSError(f"cannot write {path}: {error.__context__ or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
