"""Coloring in the browser: `python main.py --gui`."""
