"""Every page of a real site in a language that nobody speaks: what is said in plain English there, no translator can reach."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from itertools import takewhile
from zoneinfo import available_timezones

import httpx2
import psycopg
import pytest

from fanfare.simulation import corpus
from tests import pseudo
from tests.journeys import town as towns
from tests.journeys.addresses import PAGES
from tests.journeys.town import Town
from tests.page_outline import EmptyForm, forms
from tests.postgres_fixture import TEMPLATE, made

pytestmark = [pytest.mark.long, pytest.mark.postgres]

VISITORS = ("", "noor", "host", "moderator", "admin")
WRITTEN = (
    "select text from record.texts",
    "select unnest(array[title, words]) from vault.briefs",
    "select words from vault.notes",
    "select name from vault.members",
    "select email from vault.members",
    "select label from vault.sessions",
    "select subject from vault.outbox",
    "select body from vault.outbox",
    "select jsonb_path_query(body, 'strict $.** ? (@.type() == \"string\")') #>> '{}' from desk.drafts",
)
"""What people wrote, and what was said to them when they spoke English."""


@dataclass
class Readers:
    """A client for each visitor, who reads Esperanto, and what people wrote in the town."""

    town: Town
    database: str
    clients: dict[str, httpx2.Client] = field(default_factory=dict)

    def get(self, who: str, address: str) -> httpx2.Response:
        """Ask for a page as somebody of the town."""
        return self.clients[who].get(address)

    def content(self) -> pseudo.Content:
        """Return what people wrote so far."""
        with psycopg.connect(self.database) as connection:
            found = [row[0] for query in WRITTEN for row in connection.execute(query).fetchall() if row[0]]
        known = [each for person in self.town.people.values() for each in (person.id, person.name)]
        tags = [tag for idea in corpus.ideas() for tag in idea.tags]
        zones = [part for zone in available_timezones() for part in (zone, zone.partition("/")[0])]
        return pseudo.Content([*found, *known, *zones, self.town.url, "Pomfret Soda"], tags)


@pytest.fixture(scope="module")
def readers(postgres: str) -> Iterator[Readers]:
    """Yield who reads a town that speaks the language."""
    with pseudo.spoken(), made(postgres, TEMPLATE) as database, towns.living(database) as town:
        found = Readers(town, database)
        for who in VISITORS:
            headers = {"accept": "text/html", "accept-language": f"{pseudo.TAG};q=0.9, fr"}
            cookies = {"fanfare": town.people[who].session} if who else {}
            found.clients[who] = httpx2.Client(base_url=town.url, headers=headers, cookies=cookies, timeout=20)
        yield found
        for each in found.clients.values():
            each.close()


@pytest.mark.parametrize("route", PAGES)
def test_a_page_says_nothing_that_was_not_translated(readers: Readers, route: str) -> None:
    address = PAGES[route](readers.town)
    answers = [readers.get(who, address) for who in VISITORS]
    seen = {answer.text: who or "stranger" for who, answer in zip(VISITORS, answers, strict=True) if answer.status_code == 200}
    content = readers.content()
    wrong = [f"{who}: {place}: {text}" for html, who in seen.items() for place, text in pseudo.strays(html, content)]

    assert seen, f"nobody sees {address}"
    assert not wrong, "\n".join(wrong[:40])


def test_an_answer_says_which_language_it_is_in_and_that_others_get_another(readers: Readers) -> None:
    answers = [readers.get("", "/"), readers.get("", "/nowhere"), readers.clients[""].get("/", headers={"accept-language": "en"})]

    assert [each.headers["content-language"] for each in answers] == [pseudo.TAG, pseudo.TAG, "en"]
    assert all("Accept-Language" in each.headers["vary"] for each in answers)
    assert [f'<html lang="{tag}"' in each.text for tag, each in zip((pseudo.TAG, pseudo.TAG, "en"), answers, strict=True)]
    assert "vary" not in readers.get("", "/healthz").headers


def test_a_problem_is_told_in_the_language_and_its_code_is_not(readers: Readers) -> None:
    told = readers.clients[""].post("/api/v1/drafts", json={}, headers={"accept": "application/json"}).json()

    assert told["code"] == "sign-in-needed"
    assert told["title"] == pseudo.pseudo("This needs a signed-in member.")
    assert told["detail"] == pseudo.pseudo("Sign in and try again; nothing you wrote is lost.")


def test_a_mail_is_written_in_the_language_of_whoever_asked_for_it(readers: Readers) -> None:
    readers.clients[""].post("/api/v1/sign-in", json={"email": "lark@example.org"}).raise_for_status()

    sent = readers.town.mails("lark@example.org")[0]
    assert sent["subject"] == pseudo.pseudo("Sign in to %(brand)s") % {"brand": "Pomfret Soda"}
    assert pseudo.strays(f"<p>{sent['body']}</p>", pseudo.Content([sent["link"]])) == []


def test_the_live_board_speaks_to_each_watcher_in_her_language(readers: Readers) -> None:
    boards = {}
    with ExitStack() as watching:  # at the same time, since a board that nobody watches is forgotten
        for accepts in (pseudo.TAG, "en"):
            headers = {"accept-language": accepts}
            page = readers.clients[""].get(f"/campaigns/{readers.town.vote_campaign}", headers=headers).text
            found = re.search(r'data-stream="([^"]*)"', page)
            assert found
            lines = watching.enter_context(readers.clients[""].stream("GET", unescape(found[1]), headers=headers)).iter_lines()
            assert any(line == "event: board" for line in lines)
            boards[accepts] = "".join(takewhile(bool, lines))

    assert pseudo.OPEN in boards[pseudo.TAG]
    assert pseudo.OPEN not in boards["en"]


def test_what_is_wrong_with_an_empty_form_is_said_in_the_language(readers: Readers) -> None:
    refused: dict[str, str] = {}
    for who in VISITORS[1:]:
        for form in _forms(readers, who):
            answer = readers.clients[who].post(form.action, data=form.fields, headers={"origin": readers.town.url})
            if answer.status_code >= 400:
                refused[f"{who}: {form.action}"] = answer.text
    content = readers.content()
    wrong = [f"{of}: {told}" for of, html in refused.items() for told in pseudo.strays(html, content)]

    assert len(refused) > 20
    assert not wrong, "\n".join(wrong[:40])


def _forms(readers: Readers, who: str) -> list[EmptyForm]:
    found: dict[str, EmptyForm] = {}
    for address in (PAGES[route](readers.town) for route in PAGES if route != "/sign-in/confirm"):
        page = readers.get(who, address)
        if page.status_code == 200:
            found |= {form.action: form for form in forms(page.text) if form.is_typed and form.action.startswith("/")}
    return list(found.values())
