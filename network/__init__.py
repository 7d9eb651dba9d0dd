"""The networks, losses and weight files of the paper; imports nothing of the project outside."""

from network.discriminator import Discriminator
from network.generator import Generator, build_generator
from network.tag_extractor import TagExtractor

__all__ = ["Discriminator", "Generator", "TagExtractor", "build_generator"]
