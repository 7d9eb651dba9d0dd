"""What is checked before any kind of run starts."""

import pytest

from errors import InputError
from training.setup import check_smallest_part


@pytest.mark.parametrize(
    ("pairs", "batch_size", "parts", "world", "message"),
    [
        (6, 3, 1, 1, None),
        (6, 5, 1, 1, "change --batch_size or --data_size"),
        (1, 4, 1, 1, "one image alone"),
        (1, 4, 1, 2, "training images: 1, too few for 2 processes"),
        (7, 3, 1, 1, "one image alone"),
        (7, 6, 1, 2, None),  # the seventh is left out
        (7, 2, 1, 2, "one image alone"),
        (9, 9, 2, 1, None),  # 5 and 4
        (9, 9, 4, 1, None),  # 3, 3 and 3
        (10, 10, 4, 1, "change --batch_size, --grad_accum or --data_size"),  # 3, 3, 3 and 1
        (12, 4, 3, 1, None),  # 2 and 2
        (15, 5, 2, 1, None),  # 3 and 2
    ],
)
def test_smallest_part(pairs, batch_size, parts, world, message):
    def check(input_size):
        check_smallest_part(input_size, pairs, batch_size, parts, world)

    if message:
        with pytest.raises(InputError, match=message):
            check(32)
    else:
        check(32)
    if pairs >= world:
        check(48)
