"""Fréchet distance between the true and the colored pictures, as in the paper.

It is measured in the features of a network: of Inception, as usual, and of the project's own tag
extractor, which needs no download.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from checkpoints.tag_extractor import read_tag_extractor
from errors import InputError
from evaluation.dataset_metrics import Colored, identity
from files.atomic import atomic_path
from files.checksum import sha256_of
from files.download import fetch
from loader.dataset import Pair
from network.tag_extractor import TagExtractor

INCEPTION_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth"
)
INCEPTION_FILE = INCEPTION_URL.rpartition("/")[2]
INCEPTION_SHA256_START = "6726825d"
INCEPTION_FEATURES = 2048
STATE = ("real_features_sum", "real_features_cov_sum", "real_features_num_samples")


class ExtractorFeatures(nn.Module):
    """Pictures (B, 3, S, S) uint8 to features (B, 1536) float64: the truncated tag extractor sees
    each color channel as a gray picture, and its features are averaged over the picture."""

    num_features = 3 * 512

    def __init__(self, extractor: TagExtractor):
        super().__init__()
        self.extractor = extractor.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        channels = pictures.flatten(0, 1)[:, None].float() / 255
        features = self.extractor(channels).mean(dim=(2, 3))
        return features.unflatten(0, (-1, 3)).flatten(1).double()


class FrechetDistance:
    """Fréchet distance of one feature network.

    metric: torchmetrics' with that network. key: what the features of the true pictures depend
    on, as plain data. With a folder `cache` their sums are kept there under a name made of the key,
    and found again; they are not kept when fewer than `total` pictures could be read.
    """

    def __init__(
        self,
        metric: FrechetInceptionDistance,
        *,
        device: torch.device,
        total: int,
        key: Any = None,
        cache: Path | None = None,
    ):
        self.metric, self.device, self.total = metric.to(device).eval(), device, total
        name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
        self.path = cache / f"{name}.npz" if cache else None
        self.is_cached = self._read()

    @torch.inference_mode()
    def update(self, batch: Colored) -> None:
        self.metric.update(self._pictures(batch.colored), real=False)
        if not self.is_cached:
            self.metric.update(self._pictures(batch.true), real=True)

    def result(self) -> float | None:
        """The distance, or None of fewer than two pictures."""
        if not self.is_cached:
            self._write()
        if min(self.metric.real_features_num_samples, self.metric.fake_features_num_samples) < 2:
            return None
        return max(0.0, self.metric.compute().item())

    def _pictures(self, pictures: np.ndarray) -> Tensor:
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(self.device)

    def _read(self) -> bool:
        if self.path is None or not self.path.is_file():
            return False
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in STATE}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            print(f"{self.path} is damaged and made again ({error})", file=sys.stderr)
            return False
        for name, array in arrays.items():
            setattr(self.metric, name, torch.from_numpy(array).to(self.device))
        return True

    def _write(self) -> None:
        if self.path is None or self.metric.real_features_num_samples < self.total:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.path) as temporary:
            np.savez(temporary, **{name: getattr(self.metric, name).cpu() for name in STATE})


def extractor_distance(
    path: str | Path, pairs: Sequence[Pair], device: torch.device, cache: Path | None = None
) -> FrechetDistance:
    """Distance in the features of the tag extractor in `path`, full or truncated; the pairs' true
    pictures are the real ones."""
    extractor = read_tag_extractor(path, truncated=True)
    metric = FrechetInceptionDistance(feature=ExtractorFeatures(extractor))
    key = ["extractor", sha256_of(path), identity(pairs)]
    return FrechetDistance(metric, device=device, total=len(pairs), key=key, cache=cache)


def inception_distance(
    path: str | Path, pairs: Sequence[Pair], device: torch.device, cache: Path | None = None
) -> FrechetDistance:
    """Distance in the features of Inception; errors as those of `inception_metric`."""
    key = ["inception", sha256_of(path), identity(pairs)]
    metric = inception_metric(path)
    return FrechetDistance(metric, device=device, total=len(pairs), key=key, cache=cache)


def inception_metric(path: str | Path) -> FrechetInceptionDistance:
    """The metric with Inception (2048 features, torch-fidelity's network and weight format).

    Raises InputError for another file, or when torch-fidelity is not installed.
    """
    _check_weights(path)
    try:
        return FrechetInceptionDistance(
            INCEPTION_FEATURES, feature_extractor_weights_path=str(path)
        )
    except ModuleNotFoundError as error:
        raise InputError(
            "Inception's network needs torch-fidelity: pip install torch-fidelity"
        ) from error
    except RuntimeError as error:
        raise InputError(f"{path} does not hold the weights of {INCEPTION_FILE}") from error


def inception_weights(given: str) -> Path:
    """The weight file that --fid_weights names; if it says "download", the one fetched beside torch
    hub's checkpoints; if nothing, the one that is there already. Raises InputError."""
    hub = Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE
    if given == "download":
        if not hub.is_file():
            fetch(INCEPTION_URL, hub, INCEPTION_SHA256_START)
        return hub
    if given:
        if not Path(given).is_file():
            raise InputError(
                f"{given} does not exist: Inception's weights ({INCEPTION_FILE}, from "
                f"{INCEPTION_URL}), see --fid_weights"
            )
        return Path(given)
    if not hub.is_file():
        raise InputError(
            "its weights are not there; --fid_weights download fetches them, --fid_weights FILE "
            "names them"
        )
    return hub


def _check_weights(path: str | Path) -> None:
    """torch-fidelity would run code that is in the file: what is not plain tensors is refused."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"{path} is not a weight file such as {INCEPTION_FILE}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} does not hold the weights of {INCEPTION_FILE}")
