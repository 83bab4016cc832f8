"""Awards: which deeds fans did, and what the rules make of them. Pure."""
