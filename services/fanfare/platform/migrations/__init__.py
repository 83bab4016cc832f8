"""Numbered SQL files, applied once each, in order, under a lock."""
