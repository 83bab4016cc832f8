"""What stands beside a name, small and calm, wherever its holder wrote something."""

from collections.abc import Sequence

from fanfare.web.contexts.shell import Part


class Honours(Part, frozen=True):
    """The tier and the titles of whoever wrote."""

    tier: str = ""
    titles: Sequence[str] = ()
