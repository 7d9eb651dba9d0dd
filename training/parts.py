"""Training with --parts: the color channels of a generator, and what it begins with."""

import numpy as np
from skimage.color import rgb2lab

from checkpoints.checkpoint import Checkpoint
from command_line.options import Options
from drawn_art.parts import ALL_PARTS
from errors import InputError
from loader.dataset import collate
from loader.parts import PARTS, PartPair, PartPairs
from loader.tags import Vocabulary
from network.architecture import Architecture
from network.color_channels import ColorChannels, ColoredPart
from network.generator import Generator

# Of ALL_PARTS; the first have channels in more blocks. Weights depend on the order.
ORDER = (
    *("eyes", "neckwear", "ribbon", "bow", "legwear", "footwear", "gloves", "skirt", "skin"),
    *("hat", "hair", "background", "shirt", "dress"),
)
SURVEYED = 256  # pairs that say how large parts are
SMALLEST_SHARE = 0.002
BEGUN_WITH = 48  # pairs that the first weights fit
BEFORE_TRAINING = 0  # the epoch of those pairs


def check_parts(options: Options, architecture: Architecture, before: Checkpoint | None) -> None:
    """Raises InputError where --parts cannot be: with another network than it is for, or weights of
    a training without it."""
    wanted = {
        "--model tag2pix": architecture.model == "tag2pix",
        "batch normalization (no --no_bn)": architecture.bn,
        "--no_cit": not architecture.cit,
        "no --use_relu": not architecture.relu,
        "no --compile": not options.compile,
    }
    missing = [what for what, there in wanted.items() if not there]
    if missing:
        raise InputError(f"--parts needs {' and '.join(missing)}")
    if before is not None and not before.record.options.get("parts"):
        raise InputError(
            f"{before.path} does not say that it began with --parts, as a network must (exported "
            "files never say it)"
        )


def part_channels(
    generator: Generator,
    architecture: Architecture,
    pairs: PartPairs,
    vocabulary: Vocabulary,
    *,
    begin: bool,
) -> ColorChannels:
    """The color channels of a generator, which is given them if it shall `begin` with them.

    They depend on the pairs and the seed of their augmentation alone.
    """
    surveyed = _survey(pairs)
    channels = ColorChannels(generator, architecture.layers, _colored_parts(surveyed, vocabulary))
    if begin:
        device = next(generator.parameters()).device
        channels.begin(
            surveyed.sketch[:BEGUN_WITH].to(device), surveyed.cvt[:BEGUN_WITH].to(device)
        )
    return channels


def _survey(pairs: PartPairs) -> PartPair:
    chosen = np.linspace(0, len(pairs) - 1, min(SURVEYED, len(pairs)), dtype=int)
    random = np.random.default_rng(pairs.seed)
    chosen = random.permutation(chosen)
    return collate([pairs[BEFORE_TRAINING, int(index)] for index in chosen])


def _colored_parts(surveyed: PartPair, vocabulary: Vocabulary) -> list[ColoredPart]:
    parts = []
    for name in ORDER:
        part = ALL_PARTS[name]
        known = {tag: rgb for tag, rgb in part.colors.items() if tag in vocabulary.cvt_index}
        labs = rgb2lab(np.array([*known.values()], float).reshape(-1, 3) / 255)
        colors = {
            vocabulary.cvt_index[tag]: tuple(lab.tolist())
            for tag, lab in zip(known, labs, strict=True)
        }
        number = 1 + PARTS.index(part.mask)
        tagged = surveyed.cvt[:, list(colors)].any(1)
        covered = (surveyed.parts[tagged] == number).float()
        share = float(covered.mean()) if covered.numel() else 0.0
        parts.append(ColoredPart(number, colors, max(share, SMALLEST_SHARE)))
    return parts
