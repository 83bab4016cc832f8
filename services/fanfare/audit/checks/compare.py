"""Two JSON documents, compared place by place. Pure."""

from collections.abc import Iterator

import msgspec

MOST_SHOWN = 80


def differences(published: bytes, recomputed: bytes) -> list[str]:
    """
    Name each place in which a published report differs from the recomputed one; empty where the bytes are the same.

    Each line reads ``$.ranking[2].votes: published 41, recomputed 40``.
    """
    if published == recomputed:
        return []
    try:
        left = msgspec.json.decode(published)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return [f"$: what was published is not JSON: {error}"]
    found = list(_walk("$", left, msgspec.json.decode(recomputed)))
    return found or ["$: the same values, but not in canonical JSON"]


def _walk(path: str, left: object, right: object) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            inner = f"{path}.{key}"
            if key not in right:
                yield f"{inner}: published {_shown(left[key])}, recomputed nothing"
            elif key not in left:
                yield f"{inner}: published nothing, recomputed {_shown(right[key])}"
            else:
                yield from _walk(inner, left[key], right[key])
    elif isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            yield f"{path}: published {len(left)} of them, recomputed {len(right)}"
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _walk(f"{path}[{index}]", one, other)
    elif type(left) is not type(right) or left != right:
        yield f"{path}: published {_shown(left)}, recomputed {_shown(right)}"


def _shown(value: object) -> str:
    written = msgspec.json.encode(value).decode()
    return written if len(written) <= MOST_SHOWN else written[:MOST_SHOWN] + "…"
