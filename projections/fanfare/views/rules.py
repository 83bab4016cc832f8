"""The rules by which something may be flagged and hidden: a code for the record, and what each says to people."""

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    "personal-details": "It gives away somebody’s name, address or number.",
    "insult": "It insults or threatens somebody.",
    "advertising": "It advertises something else.",
    "off-topic": "It has nothing to do with the question.",
    "not-theirs": "It is somebody else’s work.",
    "unlawful": "It may break the law, or is not fit for the young.",
}
"""In the order of the forms. A code stands in the record for ever, so none is taken away or given another meaning."""


def sentence(rule: str) -> str:
    """Return what a rule says; of one that this version does not know, its code."""
    return RULES.get(rule, f"Rule “{rule}”.")
