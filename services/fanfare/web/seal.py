"""The engraved seal: a rosette whose waves are drawn from a fingerprint. To notice a difference by; never a proof."""

import math

_TURNS = 360
_CENTRE = 100.0


def paths(fingerprint: str) -> list[str]:
    """
    Return three SVG paths in a 200 × 200 box, drawn from the first twelve bytes of a hexadecimal fingerprint.

    Each wave's petals, depth and phase come from four bytes, so two fingerprints look unlike at a glance.
    """
    octets = bytes.fromhex(fingerprint[:24].ljust(24, "0"))
    return [_ring(octets[start : start + 4], inner=60.0 + 4 * ring) for ring, start in enumerate((0, 4, 8))]


def _ring(octets: bytes, inner: float) -> str:
    petals, depth, phase, twist = 14 + octets[0] % 17, 14 + octets[1] % 15, octets[2] / 40.7, 3 + octets[3] % 6
    points = []
    for step in range(_TURNS):
        angle = 2 * math.pi * step / _TURNS
        radius = inner + depth * (0.5 + 0.5 * math.sin(petals * angle + phase)) + 3 * math.sin(twist * petals * angle / 2)
        points.append(f"{_CENTRE + radius * math.sin(angle):.1f} {_CENTRE - radius * math.cos(angle):.1f}")
    return "M" + "L".join(points) + "Z"
