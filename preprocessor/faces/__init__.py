"""Faces: found, placed, and made training samples of their own."""
