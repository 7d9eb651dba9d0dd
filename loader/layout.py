"""The folders and files of a data directory."""

import os
from pathlib import Path

from errors import InputError
from loader.samples import file_ids

# Training draws one of these at random for each image; a new source of line art is one entry here.
LINE_ART_FOLDERS = ("keras_train", "simpl_train", "xdog_train")


class DataDir:
    """Where the parts of a data set are; `tag_txt` names the tag file inside `root`."""

    def __init__(self, root: str | os.PathLike, tag_txt: str = "tags.txt"):
        self.root = Path(root)
        self.tags = self.root / tag_txt
        self.rgb = self.root / "rgb_train"
        self.benchmark = self.root / "benchmark"
        self.benchmark_line_art = self.root / "keras_test"
        self.parts = self.root / "part_train"
        self.cache = self.root / "cache"

    @property
    def line_art(self) -> list[Path]:
        """The folders of line art to train on, those that exist; raises InputError without any."""
        folders = [self.root / name for name in LINE_ART_FOLDERS]
        found = [folder for folder in folders if folder.is_dir()]
        if not found:
            raise InputError(f"{self.root} has none of {', '.join(LINE_ART_FOLDERS)}")
        return found

    def benchmark_ids(self) -> set[int]:
        """The images that measure, and the faces cut out of them: training sees neither."""
        if not self.benchmark.is_dir():
            return set()
        ids = file_ids(self.benchmark).tolist()
        return {*ids, *(-number for number in ids)}
