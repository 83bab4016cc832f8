"""What each claim of an audit means, in words for somebody who never audited anything. Pure."""

from collections.abc import Iterable

from fanfare.audit.claims import Claim

EXPLAINED = {
    "What was signed": {
        "keys": "The site signs with keys, and the record says which. Each was signed by one before it: none was slipped in.",
        "manifest": "The site signs a list of all parts of its record, so that it cannot keep one of them back.",
        "tree": "All entries of a part, hashed together, give one root. It is the very one that the site had signed.",
        "history": "The site keeps what it signed earlier. The record passed through each of these states, and only grew.",
        "since": "What you kept yourself from before is the beginning of what is there now: nothing in it was changed.",
        "tiles": "The hashes that the site shows to other people's programs are those of the entries that it shows.",
        "witnesses": "Somebody whom you named, who is not the site, had seen the same state and signed that she did.",
        "receipt": "The ballot, or whatever the receipt is for, is in the record, at its place and in these very bytes.",
    },
    "The record": {
        "archive": "The file is the one that was written: no byte of it was changed, added or lost.",
        "record": "Entries are numbered 0, 1, 2 … and none is missing.",
        "texts": "Words stand in the record as fingerprints. Each text that is shown has the fingerprint that the record names.",
        "terms": "What a round asks, and how it counts, was fixed when it opened, and every ballot names just these terms.",
        "markers": "A round ends at one marked place in each part of the record. What stands behind it is late, for everybody.",
        "ruling": "What a host decided to pass over, because it cannot be read, is there and indeed cannot be read.",
    },
    "The figures": {
        "reports": "Each campaign and each round has published its report.",
        "report": "This report was computed once more from the record alone, and is the same to the last byte.",
        "seal": "When the round was sealed its result was fixed. It is still the result that the record gives.",
        "options": "What stood on the ballot is what the rules of the campaign put there: nothing was left out or slipped in.",
    },
    "Who took part": {
        "eligibility": "There are no more voters than members, and whoever raised or supported an idea had joined.",
        "electorate": "In a round for a circle no more voted than had belonged to it.",
    },
    "What was given and decided": {
        "rights": "Whoever decided something was allowed to, there and then.",
        "awards": "Points, badges and tiers follow from what fans did, by the published rules: no more, and no less.",
        "reward": "No more was given than there was, and each for a reason.",
        "draw": "Who was drawn follows from a value that nobody could know beforehand.",
    },
}
"""By heading: the first word of a claim's name, and what it says where it holds."""


def kind_of(claim: Claim) -> str:
    """Return the word by which a claim is explained."""
    return claim.name.partition(" ")[0]


def grouped(claims: Iterable[Claim]) -> dict[str, list[tuple[Claim, str]]]:
    """Return claims under their headings, each with its explanation; without headings that have none."""
    of = {kind: heading for heading, kinds in EXPLAINED.items() for kind in kinds}
    found: dict[str, list[tuple[Claim, str]]] = {heading: [] for heading in EXPLAINED}
    for each in claims:
        heading = of[kind_of(each)]
        found[heading].append((each, EXPLAINED[heading][kind_of(each)]))
    return {heading: under for heading, under in found.items() if under}
