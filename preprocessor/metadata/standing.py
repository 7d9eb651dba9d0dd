"""Whether a post may be used at all: its rating, its state, and that it is a still image."""

from collections.abc import Collection

from preprocessor.metadata.records import Record

SAFE = "safe"
RATINGS = ("g", "s", "q", "e")
# Old dumps and other people's tables spell them out.
RATING_NAMES = {"general": "g", "sensitive": "s", "safe": "s", "questionable": "q", "explicit": "e"}
STILL_IMAGES = ("jpg", "jpeg", "png", "webp", "avif", "gif", "bmp")
# Tags that tell of an animation where nothing else does.
ANIMATED = ("animated", "animated_gif", "animated_png", "ugoira", "video")

DELETED, BANNED = "deleted at Danbooru", "banned at Danbooru"
NO_IMAGE, ANIMATION = "other than an image", "animated"
SENSITIVE, UNRATED = "rated s, sensitive since 2022", "without a rating"


def rating_problem(rating: str, wanted: Collection[str], has_tag_ids: bool) -> tuple[str, str]:
    """Why a post of this rating is not wanted: (whatever its dump is, if that is of 2022 or later).

    Empty where it is wanted. `s` meant safe until 2021 and means sensitive since; records with tag
    ids are older than that, of others only their whole dump tells. `wanted` are letters, and SAFE
    for s of old and g of new dumps; nothing in it means any rating.
    """
    if not wanted:
        return "", ""
    if not rating:
        return "", "" if has_tag_ids else UNRATED
    if rating in wanted or (SAFE in wanted and rating == "g"):
        return "", ""
    if SAFE in wanted and rating == "s":
        return "", "" if has_tag_ids else SENSITIVE
    return f"rated {rating}", ""


def rating_letter(rating: str | None) -> str:
    """The first letter of a rating in any spelling; empty for none."""
    rating = (rating or "").strip().lower()
    return RATING_NAMES.get(rating, rating)


def state_problem(record: Record) -> str:
    """Why a post is left out whatever it shows, or an empty string."""
    if record.is_deleted:
        return DELETED
    if record.is_banned:
        return BANNED
    extension = (record.file_ext or "").lower().lstrip(".")
    if extension and extension not in STILL_IMAGES:
        return NO_IMAGE
    if record.media_asset and record.media_asset.duration is not None:
        return ANIMATION
    return ""
