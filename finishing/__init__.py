"""Full-size pictures from a sketch and what a network painted small: no network is in here."""
