"""The processes that run Fanfare on a machine, and who keeps them alive."""
