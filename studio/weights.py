"""The weights to choose from, and the colorists made of them."""

import threading
from collections import OrderedDict
from pathlib import Path

import torch

from coloring.colorist import Colorist
from coloring.load import load_colorist
from command_line.options import Options
from errors import InputError

IN_MEMORY = 2
NOT_WEIGHTS = ("history", "tag_dump")


class Weights:
    """Checkpoints by name; the last used are kept in memory, the others are loaded again."""

    def __init__(self, options: Options):
        """From --load and --weights_dir. Raises InputError when they name no checkpoint, or one
        that cannot be used."""
        self.options = options
        self.paths = _find(options)
        self.first = next(iter(self.paths))
        self._loaded: OrderedDict[str, Colorist] = OrderedDict()
        self._lock = threading.Lock()
        self.device = self.colorist(self.first).device

    def refresh(self) -> list[str]:
        """Look for new checkpoints; returns the names."""
        self.paths = {self.first: self.paths[self.first]} | _find(self.options)
        return list(self.paths)

    def colorist(self, name: str) -> Colorist:
        """The colorist of a listed name ("": the first one). Raises InputError."""
        name = name or self.first
        if name not in self.paths:
            raise InputError(f"there are no weights '{name}': choose from {', '.join(self.paths)}")
        with self._lock:
            if name not in self._loaded:
                chosen = self.options.replaced(load=self.paths[name])
                self._loaded[name] = load_colorist(chosen)
            self._loaded.move_to_end(name)
            while len(self._loaded) > IN_MEMORY:
                self._loaded.popitem(last=False)
            return self._loaded[name]

    def named(self, name: str) -> str:
        """The name that saved pictures tell, with the size they are painted at if one was given."""
        size = f" at {self.options.input_size} px" if "input_size" in self.options.given else ""
        return f"{name or self.first}{size}"

    def learned(self, name: str) -> set[str] | None:
        """The color tags that these weights were trained on; None where they do not say."""
        return learned(self.colorist(name))


def learned(colorist: Colorist) -> set[str] | None:
    """The color tags that a colorist was trained on; None where its file does not say."""
    vocabulary, seen = colorist.vocabulary, colorist.checkpoint.record.seen
    if seen is None:
        return None
    return {vocabulary.names[tag] for tag in vocabulary.cvt if seen.get(tag, 0) > 0}


def _find(options: Options) -> dict[str, Path]:
    """--load first, then what lies in --weights_dir, by name; and what lies in --result_dir, unless
    --weights_dir was given and holds any."""
    folder = Path(options.weights_dir)
    if "weights_dir" in options.given and not folder.is_dir():
        raise InputError(f"{folder} is not a folder: the weights to choose from, see --weights_dir")
    paths = {Path(options.load).stem: Path(options.load)} if options.load else {}
    found = _checkpoints(folder)
    if "weights_dir" not in options.given or not found:
        found += _checkpoints(Path(options.result_dir))
    for path in found:
        if path not in paths.values():
            paths.setdefault(_name(path, folder), path)
    if not paths:
        raise InputError(
            "no weights to color with: give --load FILE, or put checkpoints (*.pkl) or portable "
            f"networks (*.onnx) into {folder} or the folder of --weights_dir"
        )
    return paths


def _checkpoints(folder: Path) -> list[Path]:
    found = sorted(path for kind in ("*.pkl", "*.onnx") for path in folder.rglob(kind))
    return [path for path in found if not any(word in path.name for word in NOT_WEIGHTS)]


def _name(path: Path, folder: Path) -> str:
    inside = path.relative_to(folder) if path.is_relative_to(folder) else path
    return str(inside.with_suffix(""))


def device_name(device: torch.device) -> str:
    """What the page calls the hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"
