"""What a page weighs on its way to a browser that has never been here, and how quickly it answers a press."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

PAGE_BYTES, SCRIPT_BYTES = 140_000, 50_000
"""The most of a page with its fonts, styles and scripts, and of scripts alone; fans' pictures apart."""
PRESS_MS, SLOWER = 100, 4
"""An answer to a press, on a processor that is this many times slower."""
PICTURES = "/pictures/"


@dataclass
class Weight:
    """Bytes over the wire by what they are for, heads included."""

    kinds: Counter[str] = field(default_factory=Counter)
    pictures: list[int] = field(default_factory=list)

    @property
    def whole(self) -> int:
        """All of it but fans' pictures."""
        return sum(self.kinds.values())

    @property
    def scripts(self) -> int:
        """What scripts weigh."""
        return self.kinds["Script"]


def weighed(page: Page, address: str) -> Weight:
    """Open an address with nothing kept from before, and return what came over the wire."""
    weight, asked = Weight(), dict[str, tuple[str, str]]()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def answered(told: dict[str, Any]) -> None:
        asked[told["requestId"]] = (told["type"], told["response"]["url"])

    def finished(told: dict[str, Any]) -> None:
        kind, url = asked.get(told["requestId"], ("Other", ""))
        if PICTURES in url:
            weight.pictures.append(round(told["encodedDataLength"]))
        else:
            weight.kinds[kind] += round(told["encodedDataLength"])

    line.on("Network.responseReceived", answered)
    line.on("Network.loadingFinished", finished)
    page.goto(address, wait_until="load")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(150)
    line.detach()
    return weight


PRESSED = """async () => {
  const took = [];
  const shown = [...document.querySelectorAll("summary, .choice input, [popovertarget]")].filter((one) => one.checkVisibility());
  for (const each of shown.slice(0, 8)) {
    const began = performance.now();
    each.click();
    await new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel(); // told after the frame was drawn
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    }));
    took.push(performance.now() - began);
  }
  return took;
}"""


def pressed_ms(page: Page) -> list[float]:
    """Press what the open page has to unfold or tick, on a slowed processor; return how long each took to be drawn."""
    line = page.context.new_cdp_session(page)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    took: list[float] = page.evaluate(PRESSED)
    line.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    line.detach()
    return took
