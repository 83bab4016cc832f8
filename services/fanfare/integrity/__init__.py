"""Integrity: what protects members and their say. So far: the removal of a single text."""
