"""Community: kudos, and thanks that a person wrote."""
