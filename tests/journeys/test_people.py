"""People: in by mail, a passkey on a phone, another address, sessions seen and ended, and gone for good; under load too."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from fanfare.platform.limits.rules import EASY_LINKS_TO_A_MAILBOX
from tests.journeys.conftest import PHONE, BrowserPages
from tests.journeys.town import Town

pytestmark = pytest.mark.postgres
MAIL, NEW = "wilma@example.org", "wilma@new.example"


def asks_for_a_link(page: Page, email: str) -> None:
    """Type an address into the field of the sign-in page and send it."""
    page.goto("/sign-in?next=/me")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send me the link").click()


def signs_in(page: Page, town: Town, email: str, name: str = "") -> None:
    """Go the whole way by mail."""
    asks_for_a_link(page, email)
    expect(page.get_by_role("heading", name="The link is on its way")).to_be_visible()
    page.goto(town.mails(email)[0]["link"])
    if name:
        page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Join" if name else "Sign me in").click()
    expect(page).to_have_url(f"{town.url}/me")


def with_a_device(page: Page) -> CDPSession:
    """Give a browser a device of its own that makes passkeys and unlocks by itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_a_fan_comes_by_mail_then_by_passkey_changes_her_address_and_leaves(town: Town, browser_page: BrowserPages) -> None:
    phone = browser_page(width=PHONE)
    signs_in(phone, town, MAIL, "Wilma Pfannkuch")
    device = with_a_device(phone)
    # Devices of this kind unlock by themselves, so a page that offers passkeys would be left before a button can be pressed.
    phone.add_init_script("if (!location.hash) PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    phone.goto("/me/access")
    phone.get_by_label("What you will know it by").fill("My blue phone")
    phone.get_by_role("button", name="Add a passkey").click()
    expect(phone.get_by_text("This passkey signs you in from now on.")).to_be_visible()
    assert town.mails(MAIL)[0]["subject"].startswith("A passkey was added")

    enters_by_passkey(phone, town)

    laptop = browser_page()
    signs_in(laptop, town, MAIL)
    changes_her_address(phone, town)
    phone.get_by_role("button", name="Sign out everywhere else").click()
    expect(phone.get_by_text("signed out")).to_be_visible()
    laptop.goto("/me")
    expect(laptop).to_have_url(f"{town.url}/sign-in?next=%2Fme")

    erases_herself(phone, town)
    device.send("WebAuthn.disable")
    phone.goto("/me")
    expect(phone).to_have_url(f"{town.url}/sign-in?next=%2Fme")


def enters_by_passkey(page: Page, town: Town) -> None:
    """Sign out and in by the button; then once more, as the browser offers the passkey below the field by itself."""
    out = page.get_by_role("button", name="Sign out", exact=True).last
    out.click()
    expect(page.get_by_text("You are signed out on this device.")).to_be_visible()
    page.goto("/sign-in?next=/me/access")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{town.url}/me/access")
    expect(page.get_by_text("last used today")).to_be_visible()
    out.click()
    expect(page.get_by_text("You are signed out on this device.")).to_be_visible()
    page.goto("/sign-in?next=/me/access#offers")
    expect(page).to_have_url(f"{town.url}/me/access")


def changes_her_address(page: Page, town: Town) -> None:
    """Ask for the change, open the link in the same browser, and see it told to the old address."""
    page.get_by_text("Change it").click()
    page.get_by_label("New address").fill(NEW)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text(f"A link is on its way to {NEW}.")).to_be_visible()
    page.goto(town.mails(NEW)[0]["link"])
    page.get_by_role("button", name="Make it my address").click()
    expect(page.get_by_text(f"{NEW} is your address from now on.")).to_be_visible()
    assert "/me/address/undo?token=" in town.mails(MAIL)[0]["link"]


def erases_herself(page: Page, town: Town) -> None:
    """Ask for the link, open it, type two words."""
    page.goto("/me/kept")
    page.get_by_role("button", name="Send me the link that erases me").click()
    page.goto(town.mails(NEW)[0]["link"])
    page.get_by_label("Type: erase me").fill("erase me")
    page.get_by_role("button", name="Erase me for good").click()
    expect(page.get_by_text("You are erased.")).to_be_visible()


def test_a_mailbox_that_is_wanted_often_costs_a_computation_that_the_browser_does_by_itself(
    browser_page: BrowserPages,
) -> None:
    browser_page.forgive("was answered 428")
    page, without = browser_page(), browser_page(javascript=False)
    for _ in range(EASY_LINKS_TO_A_MAILBOX.most):
        asks_for_a_link(without, "often@example.org")
        expect(without.get_by_role("heading", name="The link is on its way")).to_be_visible()

    asks_for_a_link(page, "often@example.org")
    expect(page.get_by_role("heading", name="The link is on its way")).to_be_visible()
    asks_for_a_link(without, "often@example.org")
    expect(without.get_by_text("Wait 60 seconds, then press.")).to_be_visible()
    without.get_by_role("button", name="Send me the link").click()
    expect(without.get_by_text("That was a little early.")).to_be_visible()


def test_a_link_that_is_opened_in_another_browser_says_which_one_it_signs_in(town: Town, browser_page: BrowserPages) -> None:
    laptop, phone = browser_page(), browser_page(width=PHONE)
    asks_for_a_link(laptop, "else@example.org")
    link = town.mails("else@example.org")[0]["link"]

    phone.goto(link)
    expect(phone.get_by_text("You asked for this link in another browser.")).to_be_visible()
    laptop.goto(link)
    expect(laptop.get_by_role("heading", name="What shall we call you?")).to_be_visible()
    assert laptop.get_by_text("in another browser").count() == 0


def test_a_page_opened_by_number_says_why_passkeys_do_not_work_there(town: Town, browser_page: BrowserPages) -> None:
    page = browser_page()

    page.goto(town.url.replace("localhost", "127.0.0.1") + "/sign-in")

    expect(page.get_by_text("this page was opened by number (127.0.0.1). Open http://localhost:")).to_be_visible()
    assert page.get_by_role("button", name="Use a passkey").count() == 0
