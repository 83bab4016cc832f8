"""Addresses: of mail, and of pages on this site that a sign-in may lead back to."""

import re

from fanfare.members.refusals import AddressRefused

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOST, _MOST_LOCAL = 254, 64
"""The most characters of an address, and of what stands before the @. Source: RFC 3696, section 3, with erratum 1690."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def normalised(email: str) -> str:
    """
    Return an e-mail address as it is kept: without space around it, its domain in lower case and in ASCII.

    Raises:
        AddressRefused: no mail can be sent there.
    """
    local, at, domain = email.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        raise AddressRefused from None
    labels = domain.split(".")
    whole = f"{local}@{domain}"
    if not at or len(whole) > _MOST or len(local) > _MOST_LOCAL or not _LOCAL.fullmatch(local):
        raise AddressRefused
    # A single label is a machine of one's own network, such as localhost; a last label of digits would be an IP address.
    if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise AddressRefused
    return whole


def on_this_site(path: str) -> str:
    """Return *path* if it is surely a path on this site, otherwise the front page; browsers read a backslash as a slash."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path
    if not safe or len(path) > 500 or any(each.isspace() or not each.isprintable() for each in path):
        return "/"
    return path


def is_loopback(host: str) -> bool:
    """Tell whether *host*, a name or an address without a port, is this machine itself."""
    return host.strip("[]").lower() in _LOOPBACK or host.lower().endswith(".localhost")
