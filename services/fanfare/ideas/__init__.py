"""Ideas, comments and support."""
