"""Pictures made larger: by waifu2x's networks, or by interpolation."""
