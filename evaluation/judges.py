"""The networks that look at colored pictures: which of them there are, and what they measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checkpoints.checkpoint import Checkpoint
from checkpoints.tag_extractor import ExtractorFile, read_tag_extractor
from coloring.colorist import Colorist
from command_line.options import Options, require
from engines.portable import PortableNetwork
from errors import InputError
from evaluation.dataset_metrics import Measure
from evaluation.frechet import (
    extractor_distance,
    inception_distance,
    inception_metric,
    inception_weights,
)
from evaluation.judged_tags import DiscriminatorTags, ExtractorTags
from evaluation.notes import Notes
from files.checksum import sha256_of
from loader.dataset import Pair
from loader.tags import Vocabulary
from network.discriminator import Discriminator
from network.tag_extractor import TagExtractor

STATISTICS = "frechet-statistics"  # inside --result_dir, for all that is measured there


@dataclass
class Judges:
    """The networks that look at the pictures of a colorist; None: there is none.

    `extractor` is a full tag extractor. The two files hold the feature networks of the Fréchet
    distances, whose statistics of the true pictures are kept in the folder `cache`.
    """

    colorist: Colorist
    discriminator: Discriminator | None
    extractor: TagExtractor | None
    extractor_file: Path | None
    inception_file: Path | None
    cache: Path

    def measures(self, pairs: Sequence[Pair]) -> dict[str, Measure]:
        """What they measure of `pairs`, by the names that it has in a report."""
        device, found = self.colorist.device, {}
        if self.discriminator is not None:
            has_cit = self.colorist.checkpoint.architecture.cit
            found["discriminator"] = DiscriminatorTags(
                self.discriminator, self.colorist, cit=has_cit
            )
        if self.extractor is not None:
            found["tag_extractor"] = ExtractorTags(self.extractor, device)
        if self.extractor_file:
            found["frechet_extractor"] = extractor_distance(
                self.extractor_file, pairs, device, self.cache
            )
        if self.inception_file:
            found["frechet_inception"] = inception_distance(
                self.inception_file, pairs, device, self.cache
            )
        return found

    def weights(self) -> dict[str, str | None]:
        """SHA-256 of the files of the feature networks."""
        files = {"tag_extractor": self.extractor_file, "inception": self.inception_file}
        return {name: sha256_of(path) if path else None for name, path in files.items()}


def load_judges(options: Options, colorist: Colorist, notes: Notes) -> Judges:
    """All judges that there are. Raises InputError when one that was asked for cannot be used."""
    extractor_file = notes.attempt(
        "Fréchet distance in the tag extractor's features",
        "pretrain_dump" in options.given,
        _checked_extractor,
        options.pretrain_dump,
    )
    inception_file = notes.attempt(
        "Fréchet distance in Inception's features",
        bool(options.fid_weights),
        _checked_inception,
        options.fid_weights,
    )
    extractor = None
    if extractor_file:
        extractor = notes.attempt(
            "tags of the line art", False, _full_extractor, extractor_file, colorist.vocabulary
        )
    return Judges(
        colorist,
        _discriminator(colorist.checkpoint, notes),
        extractor,
        extractor_file,
        inception_file,
        Path(options.result_dir) / STATISTICS,
    )


def _checked_extractor(path: str) -> Path:
    require(path, "the tag extractor", "--pretrain_dump")
    read_tag_extractor(path, truncated=True)
    return Path(path)


def _checked_inception(fid_weights: str) -> Path:
    path = inception_weights(fid_weights)
    inception_metric(path)
    return path


def _full_extractor(path: Path, vocabulary: Vocabulary) -> TagExtractor:
    file = ExtractorFile.read(path)
    same = file.vocabulary is None or file.vocabulary.cit == vocabulary.cit
    if file.classes and not (same and file.classes == len(vocabulary.cit)):
        raise InputError(f"{path} knows other tags")
    return file.build(truncated=False)


def _discriminator(checkpoint: Checkpoint | PortableNetwork, notes: Notes) -> Discriminator | None:
    """That of a checkpoint, if it has learned anything."""
    if isinstance(checkpoint, PortableNetwork):
        notes.add(f"no tags judged: {checkpoint.path.name} holds no discriminator")
        return None
    if checkpoint.discriminator_trained:
        return checkpoint.build_discriminator()
    notes.add(f"no tags judged: the discriminator in {checkpoint.path.name} was never trained")
    return None
