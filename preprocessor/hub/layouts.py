"""In which tar of a repository a post lies, and where the index of that tar is."""

import re
from dataclasses import dataclass

from errors import InputError

_FIELD = re.compile(r"\{(id|mod1000|div1000|div10000)(:0\d+d)?\}")

FIELDS = "{id}, {mod1000}, {div1000}, {div10000}, each also as {mod1000:04d}"


@dataclass(frozen=True)
class Layout:
    """Where a repository keeps a post: `tars` are the places to look, in order.

    The index of a tar has its name with .json, in the same repository or in `index_repo`.
    """

    tars: tuple[str, ...]
    index_repo: str | None = None

    def places(self, post_id: int) -> tuple[str, ...]:
        """The paths of the tars that may hold a post."""
        numbers = {
            "id": post_id,
            "mod1000": post_id % 1000,
            "div1000": post_id // 1000,
            "div10000": post_id // 10000,
        }
        return tuple(tar.format_map(numbers) for tar in self.tars)


PRESETS = {
    "deepghs": Layout(("images/{mod1000:04d}.tar",)),
    "nyanko7": Layout(
        ("original/data-0{mod1000:03d}.tar", "recent/data-1{mod1000:03d}.tar"),
        index_repo="deepghs/danbooru2023_index",
    ),
    "picollect": Layout(("images/{div1000:04d}.tar",)),
}


def parse_layout(text: str | None, repo: str, index_repo: str | None) -> Layout:
    """A preset by its name, or that of the owner of `repo` where there is no text, or a template
    like images/{mod1000:04d}.tar. Raises InputError."""
    if text is None:
        owner = repo.partition("/")[0]
        layout = PRESETS.get(owner, PRESETS["deepghs"])
    elif text in PRESETS:
        layout = PRESETS[text]
    else:
        layout = Layout((_checked(text),))
    return Layout(layout.tars, index_repo or layout.index_repo)


def _checked(template: str) -> str:
    rest = _FIELD.sub("", template)
    if not template.endswith(".tar") or rest == template or set("{}") & set(rest):
        raise InputError(
            f"--layout {template} is none of {', '.join(PRESETS)} and no template: a path of tars "
            f"that ends in .tar, with one of {FIELDS}"
        )
    return template
