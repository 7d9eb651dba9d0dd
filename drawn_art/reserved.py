"""What no data set may draw, so that no network has trained on what measures it."""

RESERVED_SEED = 20190101
