"""Fetching posts: index, bytes, checks, and the letterboxed image in its place."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from errors import BrokenImageError, InputError
from files.atomic import atomic_path
from images.letterbox import fit_in_square
from images.reader import read_rgb
from preprocessor.hub.client import HubClient, NotAtSource, Unreachable
from preprocessor.hub.layouts import Layout
from preprocessor.hub.tar_index import BadIndexError, Member, read_index

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif")
JPEG_QUALITY = 95


@dataclass(frozen=True)
class Fetched:
    """What came of one post: how many bytes were received, and what went wrong, if anything.

    `at_source`: the source does not have it, or has it broken; else another try may help.
    """

    post_id: int
    received: int = 0
    problem: str = ""
    at_source: bool = False


def image_path(folder: Path, post_id: int) -> Path:
    """Where the 512 px image of a post lies."""
    return folder / f"{post_id % 1000:04d}" / f"{post_id}.jpg"


class Fetcher:
    """Fetches posts from a repository into `folder`, fitted into squares of `size` pixels."""

    def __init__(self, client: HubClient, layout: Layout, folder: Path, size: int):
        self.client, self.layout = client, layout
        self.folder, self.size = folder, size

    def fetch_all(self, post_ids: Iterable[int], report: Callable[[Fetched], None]) -> None:
        """Fetch posts that share their tars, one after the other; `report` hears of each.

        Raises InputError where no post could be fetched, Interrupted.
        """
        wanted = set(post_ids)
        missing = "no such tar"
        for tar in self.layout.places(min(wanted)):
            try:
                members, revision = self._members(tar)
            except NotAtSource:
                continue
            except Unreachable as error:
                for post_id in sorted(wanted):
                    report(Fetched(post_id, problem=str(error)))
                return
            except BadIndexError as error:
                for post_id in sorted(wanted):
                    report(Fetched(post_id, problem=str(error), at_source=True))
                return
            for post_id in sorted(wanted & members.keys()):
                report(self._fetch(post_id, tar, members[post_id], revision))
            wanted -= members.keys()
            missing = "not in the index"
        for post_id in sorted(wanted):
            report(Fetched(post_id, problem=missing, at_source=True))

    def _members(self, tar: str, again: bool = False) -> tuple[dict[int, Member], str]:
        path = str(PurePosixPath(tar).with_suffix(".json"))
        repo = self.layout.index_repo or self.client.repo
        content, revision = self.client.index(path, repo, again=again)
        try:
            members = read_index(content, IMAGE_SUFFIXES)
        except BadIndexError as error:
            if not again:
                return self._members(tar, again=True)
            if content.lstrip()[:1] == b"<":
                raise InputError(
                    f"{path} of {repo} is a web page instead of an index, perhaps to log in: look "
                    "at HF_ENDPOINT, and set HF_TOKEN if the data set is gated"
                ) from error
            raise BadIndexError(f"{path}: {error}") from error
        return members, revision if repo == self.client.repo else self.client.revision

    def _fetch(self, post_id: int, tar: str, member: Member, revision: str) -> Fetched:
        fetched = self._try(post_id, tar, member, revision)
        if not fetched.at_source:
            return fetched
        # The tar may have been made anew since the index was cached.
        try:
            members, revision = self._members(tar, again=True)
        except (NotAtSource, Unreachable, BadIndexError):
            return fetched
        if members.get(post_id) in (None, member):
            return fetched
        return self._try(post_id, tar, members[post_id], revision)

    def _try(self, post_id: int, tar: str, member: Member, revision: str) -> Fetched:
        target = image_path(self.folder, post_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        # The name of an unfinished file, as clear_leftovers knows it.
        download = target.with_name(f".{post_id}.{os.getpid()}.tmp.download")
        suffix = PurePosixPath(member.name).suffix.lower()
        if suffix not in IMAGE_SUFFIXES:
            return Fetched(post_id, problem=f"no image, but {suffix}", at_source=True)
        if not member.size:
            return Fetched(post_id, problem="empty", at_source=True)
        received = 0
        try:
            with download.open("wb+") as file:
                digest = self.client.part(tar, revision, member.offset, member.size, file)
            received = member.size
            if member.sha256 and digest != member.sha256:
                raise NotAtSource("another SHA-256 than in the index")
            self._write(target, download)
        except NotAtSource as error:
            return Fetched(post_id, received, str(error), at_source=True)
        except Unreachable as error:
            return Fetched(post_id, received, str(error))
        finally:
            download.unlink(missing_ok=True)
        return Fetched(post_id, received)

    def _write(self, target: Path, download: Path) -> None:
        try:
            image = read_rgb(download)
        except BrokenImageError as error:
            raise NotAtSource(f"cannot be decoded: {error.reason}") from error
        square = fit_in_square(image, self.size)
        with atomic_path(target) as temporary:
            temporary.write_bytes(_jpeg(square))


def _jpeg(image: np.ndarray) -> bytes:
    """Encode (H, W, 3) uint8 RGB, colors at full resolution."""
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1].tobytes()
