"""From a Danbooru dump to a training set: one script per stage, each run by itself."""
