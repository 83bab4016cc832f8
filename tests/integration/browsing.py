"""A browser for tests of pages: it keeps cookies, reads forms as they are shown, and sends them as they would be sent."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2

from fanfare.members import joining
from fanfare.members.sessions import open_session
from tests.site_fixture import ADDRESS, SiteUnderTest

PAGE = {"accept": "text/html", "origin": ADDRESS, "sec-fetch-site": "same-origin"}


@dataclass
class Shown:
    """A form as it stands on a page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Reads the forms of a page; buttons are left to whoever presses one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Shown] = []
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Shown(given.get("action", "")))
            return
        if not self.found:
            return
        fields = self.found[-1].fields
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                fields[given["name"]] = given.get("value", "on")
        elif tag == "input":
            fields[given["name"]] = given.get("value", "")
        elif tag == "textarea":
            self._area = given["name"]
            fields[self._area] = ""
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")
            if "value" not in given and "selected" in given:
                self._area = self._select
                fields[self._select] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "option"):
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area and self.found:
            self.found[-1].fields[self._area] += data.removeprefix("\n")


def form(html: str, action: str) -> Shown:
    """Return the form of a page that is posted to *action*."""
    return next(each for each in Forms(html).found if each.action == action)


def browser(site: SiteUnderTest, session: str = "") -> httpx2.AsyncClient:
    """Return a client that behaves like a browser and follows no redirect by itself."""
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(site.app), base_url=ADDRESS, headers=PAGE)
    if session:
        client.cookies.set("fanfare", session)
    return client


async def signed_in(site: SiteUnderTest, name: str, role: str = "") -> httpx2.AsyncClient:
    """Return the browser of a new member, who holds *role* if one is given."""
    member = await joining.join(site.parts.desk, name)
    if role:
        done = await site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})
        done.raise_for_status()
    async with site.parts.pool.connection() as connection:
        return browser(site, await open_session(connection, member, "browser", "test"))


async def send(client: httpx2.AsyncClient, page: httpx2.Response, action: str, **changes: str) -> httpx2.Response:
    """Send the form of a page as it stands there, but for *changes*; `__` in a name is a hyphen."""
    shown = form(page.text, action)
    named = {name.replace("__", "-"): value for name, value in changes.items()}
    return await client.post(action, data={**shown.fields, **named})


async def follow(client: httpx2.AsyncClient, answer: httpx2.Response) -> httpx2.Response:
    """Return the page that a post led to."""
    assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:2000]}"
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200, page.text[:2000]
    return page
