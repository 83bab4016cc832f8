"""An admin gives a fan the right to moderate one campaign: she uses it there, cannot elsewhere, and cannot after its end."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import BrowserPages
from tests.journeys.test_moderation import SHOUTS, an_idea, comments
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
NOT_HERS = "This needs a role that you do not hold."


def give(admin: Page, name: str, campaign: str) -> None:
    """Let an admin give somebody the right to moderate a campaign for a month."""
    admin.goto(f"/host/people?q={name}")
    admin.get_by_text("Give a right for a time").click()
    form = admin.locator("form[action$=give-right]")
    form.get_by_label("What").select_option("moderate")
    form.get_by_label("Where").select_option(campaign)
    form.get_by_label("Until the end of").fill(f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
    form.get_by_label("Why, as everybody can read it").fill("She has answered newcomers since the first round.")
    form.get_by_role("button", name="Give it").click()
    expect(admin.get_by_text("The right holds from now on. They are told by mail.")).to_be_visible()


def end_all(town: Town, fan: str) -> None:
    """Let an admin end every right of a fan."""
    for power in town.api(fan).get("/api/v1/me/powers").json()["powers"]:
        end = {"reason": "The campaign is over."}
        town.api("admin").post(f"/api/v1/powers/{power['id']}/end", json=end).raise_for_status()


def hide_first(page: Page) -> None:
    """Hide the first comment of the shouter, with a reason."""
    page.get_by_role("link", name="Hide what Jonah P. said").first.click()
    page.get_by_role("radio", name="It insults or threatens somebody.").first.check()
    page.get_by_label("Why, as everybody will read it").first.fill("It calls everybody names.")
    page.get_by_role("button", name="Hide it").click()
    expect(page.get_by_text("One case is hidden. The record says so.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_fan_moderates_the_campaign_that_she_was_given_until_the_right_ends(
    town: Town, browser_page: BrowserPages, width: int
) -> None:
    idea, name = an_idea(town, f"Sorrel Night {width}"), f"Wren{width}"
    shouted = comments(town, idea)
    fan = town.join(name)
    admin, page = browser_page("admin", width=width), browser_page(fan.id, width=width)
    browser_page.forgive(r"was answered 403 by .*/host/moderation")

    give(admin, name, town.vote_campaign)
    page.goto("/")
    page.get_by_role("link", name="Your rights").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You may do one thing more than other fans")
    page.get_by_role("link", name="The queue, in which nothing waits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits for you")
    page.goto(f"/host/moderation?case={shouted[0]}")
    expect(page.get_by_role("heading", level=1)).to_have_text(NOT_HERS)

    give(admin, name, town.ideas_campaign)
    page.goto(f"/ideas/{idea}")
    hide_first(page)
    town.caught_up()
    stranger = browser_page(width=width, javascript=False)
    stranger.goto(f"/ideas/{idea}")
    expect(stranger.get_by_text(SHOUTS[0])).to_have_count(0)
    stranger.goto(f"/campaigns/{town.ideas_campaign}/timeline?kind=decision&who={fan.id}")
    expect(stranger.get_by_role("listitem").filter(has_text="hid a comment")).to_contain_text(
        "fan with the right to moderate until"
    )

    end_all(town, fan.id)
    page.goto(f"/host/moderation?case={shouted[1]}")
    expect(page.get_by_role("heading", level=1)).to_have_text(NOT_HERS)
    page.goto("/me/rights")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may do what every fan may")
    expect(page.get_by_role("region", name="What you did for a while")).to_contain_text("The campaign is over.")
    town.api("moderator").post("/api/v1/moderation/leave", json={"contents": shouted}).raise_for_status()
