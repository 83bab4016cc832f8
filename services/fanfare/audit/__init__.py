"""Export and replay."""
