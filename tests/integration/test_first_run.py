"""The first run over the real application: the link on the console, six answers, and a site that is closed to set-up for good."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from fanfare.members import mail_settings
from fanfare.members.first_admin import first_admin_link
from fanfare.members.mail_settings import MailSettings
from fanfare.record.site import SiteFounded
from tests.integration.browsing import browser, follow, form, send
from tests.site_fixture import ADDRESS, SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
ANSWERS = {"brand": "Pomfret Soda", "name": "Dora Lindqvist", "email": "dora@example.org", "zone": "Europe/Berlin"}


@pytest.fixture
async def empty(database: str) -> AsyncIterator[SiteUnderTest]:
    """A site that nobody has founded."""
    async with running_site(database, founded=False) as running:
        yield running


async def opened(site: SiteUnderTest) -> tuple[httpx2.AsyncClient, httpx2.Response, str]:
    """Open the link on the console and return the browser, the page and the link's address."""
    link = await first_admin_link(site.parts.desk, ADDRESS)
    assert link is not None
    address = link.removeprefix(ADDRESS)
    client = browser(site)
    return client, await client.get(address), address


def founding(site: SiteUnderTest) -> SiteFounded | None:
    return site.parts.desk.streams.site.founded


@pytest.mark.parametrize("path", ["/", "/host", "/check", "/sign-in", "/setup"])
async def test_before_the_founding_every_page_says_to_open_the_link_on_the_console(empty: SiteUnderTest, path: str) -> None:
    answer = await browser(empty).get(path)

    assert answer.status_code == 409
    assert "This site is not set up yet." in answer.text
    assert "Open the link that stands on its console." in answer.text


async def test_six_answers_found_the_site_and_lead_its_admin_to_her_first_campaign(empty: SiteUnderTest) -> None:
    client, page, address = await opened(empty)

    first = await follow(client, await send(client, page, "/setup", **ANSWERS, colour="#FF5C7C"))
    late = await browser(empty).get(address)

    made = founding(empty)
    assert made is not None
    assert (made.name, made.zone, made.colour, made.simulation) == (ADDRESS, "Europe/Berlin", "#ff5c7c", False)
    assert form(page.text, "/setup").fields["public_url"] == ADDRESS
    assert "What is your first question?" in first.text
    assert "Dora Lindqvist" in first.text
    assert (late.status_code, "This site was set up already." in late.text) == (410, True)


async def test_where_mail_goes_may_be_said_at_once_or_later(empty: SiteUnderTest) -> None:
    client, page, _ = await opened(empty)
    server = {"host": "mail.example.org", "username": "pomfret", "password": "swordfish", "sender": "Pomfret <p@example.org>"}

    refused = await send(client, page, "/setup", **{**ANSWERS, **server, "sender": "nobody"})
    done = await follow(client, await send(client, refused, "/setup", **{**server, "port": "465", "encryption": "implicit"}))

    async with empty.parts.pool.connection() as connection:
        kept = await mail_settings.kept(connection)
    assert refused.status_code == 422
    assert "Write the address that mail comes from" in refused.text
    assert "swordfish" not in refused.text + done.text
    assert kept == MailSettings("mail.example.org", 465, "implicit", "pomfret", "swordfish", "Pomfret <p@example.org>")


async def test_from_the_link_to_a_public_campaign_are_five_presses(empty: SiteUnderTest) -> None:
    client, page, _ = await opened(empty)

    page = await follow(client, await send(client, page, "/setup", **ANSWERS))
    page = await follow(client, await send(client, page, "/host/campaigns"))
    address = str(page.url.path)
    for _ in range(2):
        page = await follow(client, await send(client, page, address, act="next"))
    public = await follow(client, await send(client, page, address, act="publish"))

    assert "The campaign is public" in public.text
    [campaign] = (each for each in empty.parts.desk.streams.campaigns.values())
    assert f"/host/rounds/{campaign.rounds[0].id}" == public.url.path


@pytest.mark.parametrize(
    ("field", "answer", "said"),
    [
        ("public_url", "http://taste.example.org", "Beyond this machine a site needs https"),
        ("public_url", "https://taste.example.org/path", "without a path"),
        ("brand", "  ", "The brand is empty."),
        ("zone", "Mars/Olympus", "Choose a time zone."),
        ("colour", "red", "Choose a colour"),
        ("name", "D\u202eora", "characters that cannot be seen"),
        ("email", "dora at example.org", "Write it as in anna@example.org"),
    ],
)
async def test_an_answer_that_cannot_be_taken_stays_in_its_field_and_nothing_is_founded(
    empty: SiteUnderTest, field: str, answer: str, said: str
) -> None:
    client, page, _ = await opened(empty)

    refused = await send(client, page, "/setup", **{**ANSWERS, field: answer})

    assert refused.status_code == 422
    assert said in refused.text
    kept = form(refused.text, "/setup").fields
    assert {name: kept[name] for name in (*ANSWERS, field)} == {**ANSWERS, field: answer}
    assert founding(empty) is None


async def test_a_colour_is_shown_before_it_is_taken(empty: SiteUnderTest) -> None:
    client, page, _ = await opened(empty)

    shown = await send(client, page, "/setup", **{**ANSWERS, "colour__pick": "#ffc629"})

    assert shown.status_code == 200
    assert form(shown.text, "/setup").fields["colour"] == "#ffc629"
    assert 'data-brand="ffc629"' in shown.text
    assert founding(empty) is None


async def test_nobody_founds_a_site_without_the_link_or_with_an_older_one(empty: SiteUnderTest) -> None:
    client, page, _ = await opened(empty)
    await first_admin_link(empty.parts.desk, ADDRESS)

    voided = await send(client, page, "/setup", **ANSWERS)
    guessed, bare = [await send(client, page, "/setup", **ANSWERS, token=each) for each in ("guessed", "")]

    assert [each.status_code for each in (voided, guessed, bare)] == [404, 404, 409]
    assert "it prints a fresh link" in voided.text
    assert founding(empty) is None


async def test_of_two_presses_at_once_one_founds_the_site_and_makes_an_admin(empty: SiteUnderTest) -> None:
    client, page, _ = await opened(empty)

    answers = await asyncio.gather(*(send(each, page, "/setup", **ANSWERS) for each in (client, browser(empty))))

    first, second = sorted(each.status_code for each in answers)
    assert (first, second in (409, 410)) == (303, True)
    assert len(empty.parts.desk.streams.site.roles) == 1
