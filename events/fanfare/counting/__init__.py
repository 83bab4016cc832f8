"""One module a voting method, and the cut."""
