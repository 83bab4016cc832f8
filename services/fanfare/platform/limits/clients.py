"""Who is at the other end: the address of a client, and whose word about it is believed."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Network = IPv4Network | IPv6Network
_MOST_HOPS, _LONGEST = 20, 64


class ProxiesWrong(ValueError):
    """FANFARE_TRUSTED_PROXIES is not a list of addresses and networks."""


def networks(text: str) -> Sequence[Network]:
    """
    Return the networks of a list such as `127.0.0.1, 10.0.0.0/8`.

    Raises:
        ProxiesWrong: one of them is neither an address nor a network.
    """
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError as error:
        message = f"FANFARE_TRUSTED_PROXIES: {error}. Write addresses or networks with commas: 127.0.0.1, 10.0.0.0/8"
        raise ProxiesWrong(message) from error


@lru_cache(maxsize=8192)
def network_of(host: str) -> str:
    """Return what *host* is counted as: its IPv4 address or 64 bits of its IPv6 one; empty for this machine itself."""
    found = _address(host)
    if found is None or found.is_loopback:
        return ""
    return str(found) if isinstance(found, IPv4Address) else f"{found.exploded[:19]}::/64"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that *text* spells, with or without a port; one of IPv4 that is written as IPv6 is one of IPv4."""
    return _parsed(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


class Proxies:
    """The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; everybody else's are passed over."""

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        """Believe what comes from *trusted*."""
        self._trusted = trusted
        self._trusts = lru_cache(maxsize=4096)(self._is_trusted)

    def trusts(self, host: str) -> bool:
        """Tell whether *host* is one of our proxies."""
        return bool(self._trusted) and len(host) <= _LONGEST and self._trusts(host)

    def network(self, scope: Scope) -> str:
        """
        Return the network that a request is counted under, and write into *scope* what a trusted proxy says of its client.

        Empty where it comes from this machine itself, or from a proxy that names no client. What a proxy names is counted,
        whatever it is, this machine too: so a header that a proxy let pass unread exempts nobody.
        """
        client = scope.get("client")
        peer = client[0] if client else ""
        if not self.trusts(peer):
            return network_of(peer)
        hops = list(_forwarded(scope))
        if not hops:
            return ""
        # Each proxy writes at the end of the list whom it saw; the first that is none of ours, from the end, is the client.
        named = next((each for each in hops if not self.trusts(each)), hops[-1])
        found = _address(named)
        if found is None:
            return network_of(peer) or peer
        scope["client"] = (str(found), 0)
        return network_of(str(found)) or str(found)

    def _is_trusted(self, host: str) -> bool:
        found = _address(host)
        return found is not None and any(found in each for each in self._trusted)


def _forwarded(scope: Scope) -> Iterator[str]:
    """Yield whom the proxies saw, the nearest first, and take over the scheme that they were asked under."""
    told: list[str] = []
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            told += value.decode("latin-1").split(",")
        elif name == b"x-forwarded-proto" and value.strip().lower() in (b"http", b"https"):
            scope["scheme"] = value.strip().lower().decode()
    yield from (each.strip() for each in told[: -_MOST_HOPS - 1 : -1])
