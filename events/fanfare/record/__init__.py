"""What happened: events, states and folds. Pure."""
