"""What each page needs, as frozen structs: ids are strings, times aware datetimes, counts ints, texts plain or Markdown."""

from fanfare.web.contexts.shell import Page, Part, Shell

__all__ = ["Page", "Part", "Shell"]
