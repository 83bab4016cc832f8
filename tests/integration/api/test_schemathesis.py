"""Requests that schemathesis makes up from the API's own description: nothing breaks, and every answer is a described one."""

import asyncio
import copy
import os
import random
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.generation.hypothesis.examples import generate_one
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from tests.integration.api.ground import Person, Things, person, sealed_round, things, with_token
from tests.site_fixture import ADDRESS, SiteUnderTest

pytestmark = pytest.mark.postgres

LONG = bool(os.environ.get("FANFARE_LONG"))
SEED = int(os.environ.get("FANFARE_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
"""Of the long form; the short one always makes up the same requests."""
EXAMPLES = {"admin": 8, "fan": 6, "stranger": 4}
LONGER = 50
EDGES = 10
"""The most requests at the edges of an operation's schema that the short form sends, spread evenly over all of them."""
ENDINGS = ("/open", "/close", "/pause", "/void", "/publish", "/accept", "/decline", "/withdraw")
FITTING = {"ideas": 1, "open": 2, "plan": 2}
"""Which of the four rounds an operation is for: the one with ballots unless told otherwise."""
NEVER_GRANTED = {
    *("POST /api/v1/sign-in/confirm", "POST /api/v1/me/erasure", "POST /api/v1/me/erasure/link", "POST /api/v1/tokens"),
    *("DELETE /api/v1/me/sessions/{session_id}", "DELETE /api/v1/tokens/{token_id}", "PUT /api/v1/drafts/{draft_id}"),
    *("POST /api/v1/texts/{text_hash}/removal", "POST /api/v1/rounds/{round_id}/rulings", "POST /api/v1/pictures"),
    *("POST /api/v1/rounds/{round_id}/extend", "POST /api/v1/rounds/{round_id}/resume", "POST /api/v1/sign-in/passkey"),
    *("POST /api/v1/me/passkeys", "POST /api/v1/me/passkeys/options", "DELETE /api/v1/me/passkeys/{passkey_id}"),
    *("POST /api/v1/me/address", "POST /api/v1/me/address/confirm", "POST /api/v1/me/address/undo"),
    *("POST /api/v1/recognition/titles", "POST /api/v1/recognition/titles/{award_id}/revoke", "GET /api/v1/awards/{award_id}"),
    *("POST /api/v1/members/{member_id}/kudos", "DELETE /api/v1/kudos/{kudos_id}", "POST /api/v1/members/{member_id}/welcome"),
    *("POST /api/v1/draws", "PUT /api/v1/draws/{draw_id}/seat", "DELETE /api/v1/draws/{draw_id}/seat"),
    *("POST /api/v1/members/{member_id}/powers", "POST /api/v1/powers/{power_id}/end", "GET /record/{partition}/tile/{path}"),
    *("PUT /api/v1/circles/{circle_id}/entry", "POST /api/v1/circles/{circle_id}/uninvite", "DELETE /api/v1/notes/{note_id}"),
    *("PUT /api/v1/notes/{note_id}/report", "POST /api/v1/notes/{note_id}/hide", "POST /api/v1/notes/{note_id}/show"),
    *("POST /api/v1/rewards/{reward_id}/offers", "POST /api/v1/offers/{offer_id}/handled", "GET /api/v1/host/offers"),
    *("POST /api/v1/me/titles/{award_id}/decline", "GET /api/v1/me/thanks/{thanks_id}", "POST /api/v1/me/thanks/{thanks_id}"),
    *("POST /api/v1/thanks",),
    *("POST /api/v1/flags", "POST /api/v1/moderation/hide", "POST /api/v1/moderation/show"),
}
"""What is not made up by chance: a token of a link, an id of a session, of words or of kudos, a picture, a key, a version."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]


REFUSED = [str(status) for status in (400, 401, 403, 404, 405, 409, 413, 415, 422)]
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
        "phases": {"coverage": {"unexpected-methods": ["TRACE"]}},  # of each address every other method is the matrix's matter
    }
)


@dataclass
class Player:
    """Sends what schemathesis makes up to the site, from a thread beside its loop, and keeps what was wrong."""

    site: SiteUnderTest
    caller: str
    loop: asyncio.AbstractEventLoop
    sealed: str
    me: Person
    """Who calls, and whose the things are; for a stranger, whose she calls on."""
    voter: Person
    wrong: dict[str, str] = field(default_factory=dict)
    """Each kind of failure of each operation once."""
    statuses: dict[str, set[int]] = field(default_factory=dict)
    """What each operation answered."""
    sent: int = 0
    spent: bool = False
    """Something was ended, so that the next operation needs fresh things."""
    token: str = ""
    ids: dict[str, list[str]] = field(default_factory=dict)

    def wait(self, asked: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the coroutine returns
        """Run a coroutine in the site's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(asked, self.loop).result(60)

    async def prepare(self) -> None:
        """Give the next operation a fresh session, and fresh things where the last one may have closed or ended them."""
        if self.spent or not self.ids:
            found = await things(self.site, self.me, self.voter)
            self.ids, self.spent = _ids(found, self.sealed, self.me.member), False
        if self.caller != "stranger":
            self.token = (await with_token(self.site, self.me.member)).token

    async def send(self, asked: requests.PreparedRequest) -> httpx2.Response:
        """Send one request, with no cookie that an earlier answer set."""
        self.site.stranger.cookies.clear()
        headers = {name: str(value) for name, value in asked.headers.items() if name.lower() != "content-length"}
        if self.token and "authorization" not in {name.lower() for name in headers}:
            headers["Authorization"] = f"Bearer {self.token}"
        body = asked.body if isinstance(asked.body, (str, bytes)) else b""
        return await self.site.stranger.request(str(asked.method), str(asked.url), headers=headers, content=body)

    def play(self, case: Case[Any], pick: int) -> None:
        """Send one case and check the answer."""
        if case.path_parameters and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)) and pick % 8 != 7:
            fits = FITTING.get(case.path.rpartition("/")[2], 0) if pick % 4 != 3 else pick // 4
            known = {name: self.ids[name] for name in case.path_parameters if name in self.ids}
            case.path_parameters = {**case.path_parameters, **{name: ids[fits % len(ids)] for name, ids in known.items()}}
        prepared = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS)).prepare()
        answer = self.wait(self.send(prepared))
        self.sent += 1
        self.spent |= answer.is_success and (case.method == "DELETE" or case.path.endswith(ENDINGS))
        self.statuses.setdefault(case.operation.label, set()).add(answer.status_code)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for each in group.exceptions:
                self.wrong.setdefault(f"{case.operation.label}: {each.title}", f"{each}\n{group.message}")


def _ids(found: Things, sealed: str, member: str) -> dict[str, list[str]]:
    rounds = [found.ballot_round, found.ideas_round, found.planned_round, sealed]
    return {
        "campaign_id": [found.campaign],
        "round_id": rounds,
        "idea_id": [found.idea],
        "draft_id": [found.draft],
        "event_id": [found.receipt],
        "member_id": [member],
        "draw_id": [found.draw],
        "reward_id": [found.reward],
        "offer_id": [found.offer],
        "circle_id": [found.circle],
        "brief_id": [found.brief],
        "rule_id": ["first-idea"],
    }


def played(player: Player, operation: APIOperation[Any, Any, Any, Any], examples: int) -> None:
    """Play the edges of one operation's schema, then requests made up from it, good and bad."""
    player.wait(player.prepare())
    if LONG or player.caller == "admin":
        for number, case in enumerate(_edges(operation)):
            player.play(case, number)
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=examples * (LONGER if LONG else 1),
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, pick=st.integers(0, 999))
    def made_up(case: Case[Any], pick: int) -> None:
        player.play(case, pick)

    (seed(SEED)(made_up) if LONG else made_up)()


def _edges(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Case[Any]]:
    """Return the examples that the description gives, then what lies on the edges of its schema and just beyond them."""
    yield from map(generate_one, operation.get_strategies_from_examples())
    config = operation.schema.config.generation_for(operation=operation, phase="coverage")
    modes = list(GenerationMode)
    edges = list(operation.schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=config))
    yield from edges if LONG else edges[:: -(-len(edges) // EDGES) or 1]


def _unsigned(description: dict[str, Any]) -> dict[str, Any]:
    """Return the description without what it says of tokens: the player signs in, and the access matrix tests who may."""
    without = copy.deepcopy(description)
    for path in without["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    return without


@pytest.mark.parametrize("caller", EXAMPLES)
async def test_whatever_is_sent_to_the_api_gets_an_answer_that_its_description_knows(
    busy_site: SiteUnderTest, caller: str
) -> None:
    site = busy_site
    me = await person(site, "Noor A.", "admin" if caller == "admin" else "")
    player = Player(site, caller, asyncio.get_running_loop(), await sealed_round(site), me, await person(site, "Tansy"))
    schema = schemathesis.openapi.from_dict(_unsigned(site.app.openapi()), config=CONFIG)
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert len(operations) == sum(map(len, site.app.openapi()["paths"].values()))
    if LONG:
        print(f"FANFARE_SEED={SEED}")  # noqa: T201 - a long run that fails is run again with it

    for operation in operations:
        await asyncio.to_thread(played, player, operation, EXAMPLES[caller])

    granted = {name for name, statuses in player.statuses.items() if min(statuses) < 300}
    assert not player.wrong, "\n\n".join(f"{name}\n{told}" for name, told in sorted(player.wrong.items()))
    missing = sorted(player.statuses.keys() - granted - NEVER_GRANTED) if caller == "admin" else []
    assert not missing, ", ".join(missing)
