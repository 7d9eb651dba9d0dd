"""What a stage did, counted and printed as its last lines."""

import os
import sys
from collections import Counter
from typing import Any

from tqdm import tqdm


class Summary:
    """Counts what a stage did and prints it as its last lines.

    `add` takes the outcomes of `preprocessor.stage.stage.map_files`: an error is printed on stderr
    at once and counted as failed, anything else as done.
    """

    def __init__(self, what: str, *, dry_run: bool = False):
        self.what = what
        self.dry_run = dry_run
        self.done = 0
        self.skipped: Counter[str] = Counter()
        self.failed: list[str] = []
        self.notes: list[str] = []

    def add(self, outcome) -> Any:
        """Count one outcome as done or failed; returns its value (None when it failed)."""
        if outcome.error is None:
            self.done += 1
        else:
            self.fail(outcome.error)
        return outcome.value

    def skip(self, reason: str, count: int = 1) -> None:
        """Count items left alone, by reason."""
        if count:
            self.skipped[reason] += count

    def fail(self, error: str) -> None:
        """Report one failure on stderr and count it."""
        tqdm.write(error, file=sys.stderr)
        self.failed.append(error)

    def note(self, line: str) -> None:
        """Print `line` below the counts."""
        self.notes.append(line)

    def close(self, output: os.PathLike | str | None = None) -> int:
        """Print the summary; `output` is where the results are. Returns the exit code.

        0: done, perhaps with some failures; 1: there were failures and nothing succeeded.
        """
        verb = "would be made" if self.dry_run else "made"
        print(f"{self.what}: {self.done:,} {verb}", end="")
        print(f" in {output}" if output and not self.dry_run else "")
        for reason, count in self.skipped.most_common():
            print(f"  skipped, {reason}: {count:,}")
        for line in self.notes:
            print(f"  {line}")
        if self.failed:
            print(f"  failed: {len(self.failed):,}")
            for error in self.failed[:5]:
                print(f"    {error}")
            if len(self.failed) > 5:
                print("    … (all of them are listed above)")
        return int(bool(self.failed) and not self.done)
