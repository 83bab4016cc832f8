"""The stored example of each wire name. They decode for ever: add to examples.json, never change what stands there."""

from importlib.resources import files

import msgspec

EXAMPLES: dict[str, bytes] = {
    wire: msgspec.json.format(bytes(raw), indent=-1)
    for wire, raw in msgspec.json.decode(
        files("fanfare.record").joinpath("examples.json").read_bytes(), type=dict[str, msgspec.Raw]
    ).items()
}
"""By wire name: the CloudEvents object as JSON bytes, without the white space that keeps the file readable."""
