"""A host answers, a fan flags, and a moderator works the queue by keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import BrowserPages
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
SHOUTS = ("You are all fools, every one of you.", "Buy my sunglasses, they are cheap.")


def an_idea(town: Town, title: str) -> str:
    """Raise an idea of this journey's own, by somebody of its own, and return its id."""
    author = town.join(f"Author of {title}")
    words = {"title": title, "body": "Dried plums from a smokehouse.", "tags": "plum"}
    made = town.api(author.id).post(f"/api/v1/rounds/{town.ideas_round}/ideas", json=words).raise_for_status()
    town.caught_up()
    return str(made.json()["id"])


def comments(town: Town, idea: str) -> list[str]:
    """Let somebody shout twice under an idea, and two fans flag it; return the comments' ids."""
    shouter = town.join("Jonah P.")
    for text in SHOUTS:
        town.api(shouter.id).post(f"/api/v1/ideas/{idea}/comments", json={"text": text}).raise_for_status()
    town.caught_up()
    found = [each["id"] for each in town.api("noor").get(f"/api/v1/ideas/{idea}").json()["discussion"]]
    for who in ("noor", "tomasz"):
        for comment in found:
            town.api(who).post("/api/v1/flags", json={"content": comment, "rule": "insult"}).raise_for_status()
    return found


@pytest.mark.parametrize("width", [360, 1280])
def test_a_host_answers_an_idea_and_a_fan_reads_it_without_script(town: Town, browser_page: BrowserPages, width: int) -> None:
    title = f"Plum Smoke {width}"
    idea = an_idea(town, title)
    host = browser_page("host", width=width)
    host.goto(f"/ideas/{idea}")
    host.get_by_role("link", name="Answer it for Pomfret Soda").click()
    host.get_by_role("radio", name="Planned").check()
    host.get_by_label("Why, and what happens next").fill("The kitchen smokes the plums on **3 December**.")
    host.get_by_role("button", name="See how it reads").click()
    expect(host.get_by_role("region", name="So it will read")).to_contain_text("3 December")
    host.get_by_role("button", name="Answer in public").click()
    expect(host.get_by_text("Your answer is public, and in the record.")).to_be_visible()

    fan = browser_page(width=width, javascript=False)
    fan.goto(f"/ideas/{idea}")

    answer = fan.get_by_role("region", name="Pomfret Soda answered")
    expect(answer).to_contain_text("Planned")
    expect(answer).to_contain_text("3 December")


def pressed(page: Page, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


def test_a_moderator_works_the_queue_by_keyboard_alone_and_undoes(town: Town, browser_page: BrowserPages) -> None:
    idea = an_idea(town, "Quince Fog")
    comments(town, idea)
    page = browser_page("moderator")
    page.goto("/host/moderation")
    case = page.get_by_role("region", name="A comment by Jonah P.")
    expect(case).to_contain_text(SHOUTS[0])
    expect(case).to_contain_text("2 members told you")

    pressed(page, "j")
    expect(case).to_contain_text(SHOUTS[1])
    pressed(page, "k")
    expect(case).to_contain_text(SHOUTS[0])
    pressed(page, "1", "h")
    page.keyboard.type("It calls everybody names.")
    pressed(page, "Enter")
    expect(page.get_by_text("One case is hidden. The record says so.")).to_be_visible()
    stranger = browser_page(javascript=False)
    stranger.goto(f"/ideas/{idea}")
    expect(stranger.get_by_text(SHOUTS[0])).to_have_count(0)
    expect(stranger.get_by_text("It calls everybody names.")).to_be_visible()

    pressed(page, "u")
    expect(page.get_by_text("One case is shown again.")).to_be_visible()
    expect(case).to_contain_text(SHOUTS[0])
    stranger.reload()
    expect(stranger.get_by_text(SHOUTS[0])).to_be_visible()

    pressed(page, "a")
    expect(page.get_by_text("One case is left as it is.")).to_be_visible()
    expect(case).to_contain_text(SHOUTS[1])
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("heading", level=1).click()
    pressed(page, "a")
    expect(case).to_contain_text(SHOUTS[1])
    page.get_by_label("Use these keys").check()
    page.get_by_role("heading", level=1).click()
    pressed(page, "a")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()


def test_a_fan_flags_without_script_on_a_phone_and_is_thanked(town: Town, browser_page: BrowserPages) -> None:
    idea = an_idea(town, "Sloe Lantern")
    fan = browser_page("beatriz", width=360, javascript=False)
    fan.goto(f"/ideas/{idea}")
    fan.get_by_role("link", name="Flag Sloe Lantern").click()
    fan.get_by_role("radio", name="It advertises something else.").check()
    fan.get_by_role("button", name="Tell the moderators").click()

    expect(fan.get_by_text("Thank you. A moderator will look at it.")).to_be_visible()
    town.api("moderator").post("/api/v1/moderation/leave", json={"contents": [idea]}).raise_for_status()
