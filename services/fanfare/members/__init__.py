"""Members, sign-in, roles and the vault."""
