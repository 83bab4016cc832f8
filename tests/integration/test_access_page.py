"""A member's page of who can act as her: her name, her browsers, the tokens of her scripts."""

import re

import pytest

from tests.page_reader import hidden, signed_in
from tests.site_fixture import SiteUnderTest, client_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
TOKEN = re.compile(r"fanfare_pat_[A-Za-z0-9_-]+")


async def test_a_token_made_on_the_page_acts_for_her_until_she_ends_it(site: SiteUnderTest) -> None:
    fan = await signed_in(site)
    form = (await fan.get("/me/access")).text
    fields = {"csrf": hidden(form, "csrf"), "key": hidden(form, "key"), "label": "Nightly count"}

    made = await fan.post("/me/access/tokens", data=fields)
    token = TOKEN.search(made.text)
    assert token
    script = client_of(site.app, token[0])
    assert (await script.get("/api/v1/me")).status_code == 200
    shown = (await fan.get("/me/access")).text
    assert "Nightly count" in shown
    assert token[0] not in shown
    ends = re.findall(r'name="kind" value="token">.*?name="end" value="([0-9a-f]+)"', shown, re.DOTALL)
    done = await fan.post("/me/access/end", data={"csrf": fields["csrf"], "kind": "token", "end": ends[0]})

    assert done.status_code == 303
    assert (await script.get("/api/v1/me")).status_code == 401


async def test_a_name_is_changed_and_a_bad_one_comes_back_with_what_is_wrong(site: SiteUnderTest) -> None:
    fan = await signed_in(site, "Noor A.")
    csrf = hidden((await fan.get("/me/access")).text, "csrf")

    bad = await fan.post("/me/access/name", data={"csrf": csrf, "name": "No\u202eor"})
    good = await fan.post("/me/access/name", data={"csrf": csrf, "name": "Noor Amrani"})

    assert (bad.status_code, good.status_code) == (422, 303)
    assert "cannot be seen" in bad.text
    assert "Noor Amrani" in (await fan.get("/me")).text


async def test_a_form_from_another_site_makes_no_token(site: SiteUnderTest) -> None:
    fan = await signed_in(site)

    answer = await fan.post("/me/access/tokens", data={"label": "Evil"}, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert "Evil" not in (await fan.get("/me/access")).text
