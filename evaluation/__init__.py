"""How well a network colors, in numbers: color control, likeness to the true pictures, Fréchet."""
