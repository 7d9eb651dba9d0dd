"""Dressed people in anime proportions, drawn part by part as SVG."""
