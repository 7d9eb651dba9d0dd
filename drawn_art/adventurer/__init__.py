"""Heads in the Adventurer style by Lisa Wischofsky, with all that is known about them."""
