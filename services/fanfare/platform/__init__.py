"""The only room that knows which runtime it is."""
