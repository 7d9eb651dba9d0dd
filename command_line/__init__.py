"""Flags, what they say of a checkpoint, and the modes that only tell or convert."""
