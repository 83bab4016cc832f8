"""What we know: one module a question."""
