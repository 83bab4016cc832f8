"""Circles: places that a tier or an invitation opens, with briefs and notes that only who belongs reads."""
