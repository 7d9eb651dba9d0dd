"""Pictures: read by one rule, fitted into squares, brought into a color space."""
