"""The order of a draw: entrants ranked by a hash that nobody could know before the beacon's value was there."""

import hashlib
from collections.abc import Iterable


def ranked(randomness: str, draw: str, members: Iterable[str]) -> list[str]:
    """
    Return *members*, each once, in the order in which they were drawn.

    Args:
        randomness: the beacon's value, 64 hexadecimal digits; its 32 bytes are hashed, then the ids in ASCII.
    """
    seed = bytes.fromhex(randomness) + draw.encode("ascii")
    return sorted(set(members), key=lambda each: (hashlib.sha256(seed + each.encode("ascii")).digest(), each))
