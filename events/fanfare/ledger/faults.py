"""What can be wrong with bytes that somebody hands us; each is told apart, and no check answers with a mere no."""


class Malformed(ValueError):
    """The bytes are not of the format that they should be of; nothing can be said about what they mean."""


class NotSigned(ValueError):
    """No key that is known signed this, or the signature of a known key is wrong."""


class NotProven(ValueError):
    """The hashes do not lead to the root: the proof, the leaf, the place or the root is another one."""
