"""Files written whole or not at all, checked when they come from elsewhere."""
