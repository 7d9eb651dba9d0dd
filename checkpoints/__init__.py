"""Weight files in the public format: read safely, described in types, written atomically."""
