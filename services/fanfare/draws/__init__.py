"""Draws: entrants first, then a beacon that was named beforehand, then winners."""
