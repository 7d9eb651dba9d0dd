"""What choosing from parquet is compared with: pyarrow, by row group, the same filter, one process.

    python benchmarks/plain_parquet.py DATASET

Prints how many records pass the filter; the tags of these are then looked at one by one.
"""

import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = (
    *("id", "image_width", "image_height", "rating", "is_deleted", "is_banned", "file_ext"),
    *("tag_string_general", "tag_string_meta", "media_asset.duration"),
)


def candidates(path: Path) -> int:
    """Records with a background tag, of the right shape, rated general."""
    file, found = pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False), 0
    for group in range(file.num_row_groups):
        for batch in file.iter_batches(16384, row_groups=[group], columns=list(COLUMNS)):
            tags, width, height = (
                batch["tag_string_general"],
                *map(batch.column, ("image_width", "image_height")),
            )
            fits = pc.or_(
                pc.match_substring(tags, "simple_background"),
                pc.match_substring(tags, "white_background"),
            )
            fits = pc.and_(fits, pc.less(pc.multiply(height, 3), pc.multiply(width, 4)))
            fits = pc.and_(fits, pc.less(pc.multiply(width, 3), pc.multiply(height, 4)))
            fits = pc.and_(fits, pc.equal(batch["rating"], "g"))
            found += len(batch.filter(fits).to_pylist())
    return found


if __name__ == "__main__":
    print(sum(map(candidates, sorted(Path(sys.argv[1], "metadata").glob("*.parquet")))))
