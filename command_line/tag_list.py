"""`--list_tags`: the color tags by part, or a search among all tags."""

from command_line.options import Options
from loader.tags import Vocabulary, load_vocabulary


def list_tags(options: Options) -> int:
    """Print them; returns 0."""
    vocabulary = load_vocabulary(options.tag_dump)
    word = options.list_tags.lower().replace(" ", "_")
    if word:
        found = [name for name in vocabulary.ids if word in name]
        for name in found:
            print(f"{vocabulary.ids[name]:>8}  {name}  {_kind(vocabulary, vocabulary.ids[name])}")
        print(f"{len(found)} tags contain '{word}'")
        return 0
    for part, tags in vocabulary.cvt_parts.items():
        names = " ".join(vocabulary.names[tag] for tag in tags)
        print(f"{part} ({len(tags)}): {names}\n")
    print(f"{len(vocabulary.cvt)} color tags; --list_tags WORD searches all {len(vocabulary.ids)}")
    return 0


def _kind(vocabulary: Vocabulary, tag: int) -> str:
    for parts, kind in ((vocabulary.cvt_parts, "color"), (vocabulary.cit_parts, "shape")):
        for part, tags in parts.items():
            if tag in tags:
                return f"{kind}, {part}"
    return "not used by the networks"
