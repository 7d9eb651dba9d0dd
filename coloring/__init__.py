"""Coloring line art with trained weights: `main.py --test`."""
