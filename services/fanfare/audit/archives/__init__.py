"""Archives: how one is laid out, written and handed out."""
