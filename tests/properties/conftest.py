"""How many examples, and that they are the same ones every time: a run that fails can be run again."""

from hypothesis import settings

settings.register_profile("fanfare", deadline=None, derandomize=True, database=None)
settings.load_profile("fanfare")
