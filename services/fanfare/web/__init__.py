"""The pages: layout, templates, static files, and the contexts that fill them."""
