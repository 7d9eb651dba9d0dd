"""A training run: its set-up, the loop, what it writes and watches, and its processes."""
