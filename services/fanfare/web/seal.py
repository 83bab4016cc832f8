"""The engraved seal: a rosette whose waves are drawn from a fingerprint. To notice a difference by; never a proof."""

import math

_STEPS = 300
_CENTRE = 100.0


def paths(fingerprint: str) -> list[tuple[str, float]]:
    """
    Return three waves in a 200 × 200 box, drawn from the first twelve bytes of a hexadecimal fingerprint.

    Each is an SVG path and the angle in degrees by which it is drawn again, twice, to make a lattice. Petals, depth, phase and
    twist of a wave come from four bytes, so two fingerprints look unlike at a glance.
    """
    octets = bytes.fromhex(fingerprint[:24].ljust(24, "0"))
    return [_wave(octets[start : start + 4], inner=58.0 + 5 * ring) for ring, start in enumerate((0, 4, 8))]


def _wave(octets: bytes, inner: float) -> tuple[str, float]:
    petals, depth, phase, twist = 8 + octets[0] % 23, 12 + octets[1] % 20, octets[2] / 40.7, 2 + octets[3] % 7
    points = []
    for step in range(_STEPS):
        angle = 2 * math.pi * step / _STEPS
        radius = inner + depth * (0.5 + 0.5 * math.sin(petals * angle + phase)) + 3 * math.sin(twist * angle)
        points.append(f"{_CENTRE + radius * math.sin(angle):.1f} {_CENTRE - radius * math.cos(angle):.1f}")
    return "M" + "L".join(points) + "Z", 360 / petals / 3
