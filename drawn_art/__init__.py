"""Drawn art whose every part, color and tag is known: the Adventurer style by Lisa Wischofsky."""
