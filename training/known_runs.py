"""Where the files of this user's runs are, as the flags of their start said.

A checkpoint may come from anybody, so the paths in it are not followed. What was given here is kept
here, by result directory, and a run that goes on is not asked for it again.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from command_line.flags import FLAGS
from command_line.options import Options
from files.atomic import atomic_path

PATHS = [name for name, flag in FLAGS.items() if flag.path and flag.recorded]


def remember_paths(run: Path, options: Options) -> None:
    """Keep the paths that a run reads from; where that cannot be written, they must be given when
    it goes on."""
    paths = {name: getattr(options, name) for name in PATHS if options.mode in FLAGS[name].modes}
    paths = {
        name: str(Path(value).absolute()) if isinstance(value, str) and name != "tag_txt" else value
        for name, value in paths.items()
    }
    file = _file(run)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(file) as temporary:
            temporary.write_text(json.dumps(paths), encoding="utf-8")


def known_paths(run: Path) -> dict[str, str | bool | None]:
    """The paths of a run that was started by this user, by the names of their flags."""
    try:
        paths = json.loads(_file(run).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: paths[name] for name in PATHS if name in paths}


def _file(run: Path) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    name = hashlib.sha256(os.fsencode(run.resolve())).hexdigest()
    return Path(state) / "tag2pix" / "runs" / f"{name}.json"
