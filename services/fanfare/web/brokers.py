"""Whether the brokers that keep the record take connections, as this process sees it."""

import asyncio
from contextlib import suppress

from fanfare.web.vitals import BrokerVitals

_PATIENCE_S = 1.0


async def answering(addresses: str) -> list[BrokerVitals]:
    """Return which of *addresses*, host:port with commas, take a connection within a second."""
    named = [each.strip() for each in addresses.split(",") if each.strip()]
    found = await asyncio.gather(*(_answers(each) for each in named))
    return [BrokerVitals(address=address, answers=answers) for address, answers in zip(named, found, strict=True)]


async def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, ValueError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
