"""Simulated fans, only on a site founded as a simulation."""
