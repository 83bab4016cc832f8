"""Lots: entrants, beacons and rankings, so that anybody can draw again what was drawn. Pure."""
