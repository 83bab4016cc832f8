"""How a route says what it sends, where that is bytes of ours and no model of FastAPI's."""

from typing import Any

Answers = dict[int | str, dict[str, Any]]
"""By status: what goes into a route's ``responses``."""
COMPONENTS = "#/components/schemas/{name}"


def document(name: str, says: str) -> Answers:
    """Return the answer of a route that sends a canonical document, *name* among the schemas of the description."""
    return {200: {"description": says, "content": {"application/json": {"schema": {"$ref": COMPONENTS.format(name=name)}}}}}
