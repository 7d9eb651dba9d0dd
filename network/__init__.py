"""The networks and losses of the paper."""

from importlib import import_module

_HOMES = {
    "Discriminator": "network.discriminator",
    "Generator": "network.generator",
    "TagExtractor": "network.tag_extractor",
    "build_generator": "network.generator",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    """Import a network when it is asked for: `network.models` is read where torch is not needed."""
    if name not in _HOMES:
        raise AttributeError(f"module 'network' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
