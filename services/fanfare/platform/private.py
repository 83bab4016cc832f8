"""What a member was answered is hers: no cache keeps it, neither one on the way nor that of a browser others use after her."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from starlette.types import Scope

_KNOWN = "private_known"
"""What a request's state knows once a session or a token was found to be a member's."""
_NAME = b"cache-control"
_PRIVATE = (_NAME, b"private, no-store")

Headers = Sequence[tuple[bytes, bytes]]


def known(scope: Scope) -> None:
    """Note that whoever sends this request was found to be a member: from here on its answer may depend on her."""
    state: MutableMapping[str, Any] = scope.setdefault("state", {})
    state[_KNOWN] = True


def kept_from_caches(scope: Scope, headers: Headers) -> Headers:
    """Return what to add to the *headers* of an answer: nothing to a stranger's, nor where it says itself how it is kept."""
    state = scope.get("state")
    if not state or _KNOWN not in state or any(name == _NAME for name, _ in headers):
        return ()
    return (_PRIVATE,)
