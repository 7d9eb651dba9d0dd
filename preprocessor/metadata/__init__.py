"""Danbooru's records: read, filtered, and turned into tag lines and files in their places."""
