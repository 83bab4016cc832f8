"""What an audit checks: each module makes the claims about one thing."""
