"""A PostgreSQL of our own beside the application, and the check of one that somebody else runs."""
