"""Plays the plan against the clock, over the public API only, and says in a few lines what is going on."""

import asyncio
import os
import signal
from collections import Counter
from datetime import UTC, datetime

import msgspec

from fanfare.simulation import corpus, news
from fanfare.simulation.acting import LABEL_WHIM, Ballot
from fanfare.simulation.client import Client, SiteSilent, http_client
from fanfare.simulation.hosting import CampaignThere, Host
from fanfare.simulation.news import Say
from fanfare.simulation.plan import Plan, make_plan
from fanfare.simulation.playing import Player
from fanfare.simulation.praising import Praising
from fanfare.simulation.scene import Scene
from fanfare.simulation.tastes import Flavour
from fanfare.simulation.watching import Watch

URL, TOKEN = "FANFARE_SIMULATION_URL", "FANFARE_SIMULATION_TOKEN"


class Played(msgspec.Struct, frozen=True):
    """What came of a simulation."""

    campaign: CampaignThere
    began: bool
    """False where the campaign was there already, so that it was only watched."""
    answers: Counter[str]


def run_driver() -> None:
    """Play the simulation of the site that the environment names, then rest: a supervisor would start again what ends."""
    try:
        asyncio.run(_run(os.environ[URL], os.environ[TOKEN]))
    except SiteSilent as error:
        news.say(f"The simulated fans stop here, because the site did not answer them: {error}")
    signal.pause()


async def _run(url: str, token: str) -> None:
    async with http_client(url) as http:
        await simulate(Client(http), token, make_plan(), url)


async def simulate(client: Client, token: str, plan: Plan, url: str, say: Say = news.say) -> Played:
    """
    Play a plan on a fresh simulation site; where the campaign is there already, watch it to its end instead.

    Args:
        token: of a member who is a host.
        url: the site, as the person at the console would open it.

    Raises:
        SiteSilent: the site does not answer, or refuses the host.
    """
    host = Host(client, token)
    texts = corpus.campaigns()
    if there := await host.find(texts.eighth.title):
        say("The campaign was begun before; its fans have gone home. It ends by itself.")
        _tell_what_next(say, url, there, await _watched(client, there, say))
        return Played(there, began=False, answers=client.answers)
    scene = Scene(plan, await host.make_fans([fan.name for fan in plan.fans]))
    await host.publish_rules()
    label = await host.find(texts.label.title) or await host.publish_label()
    campaign = await host.publish_eighth(plan.scale)
    say(f"{len(scene.tokens):,} fans have joined. “{texts.eighth.title}” opens in {plan.scale.lead_s} seconds:")
    say(f"  {url}/campaigns/{campaign.id}")
    player, praising = Player(client, scene, host), Praising(client, scene, token)
    await praising.open_circle(campaign.id)
    asides = [
        asyncio.create_task(_label(client, player, plan, label)),
        asyncio.create_task(praising.announce_spotlight(campaign.id, plan.scale.lead_s + plan.scale.ideas_s)),
    ]
    try:
        sealed = await _eighth(client, player, praising, plan, campaign, say)
    finally:
        for each in asides:
            each.cancel()
        await asyncio.gather(*asides, return_exceptions=True)
    if sealed == campaign.rounds[-1]:
        await praising.honour_winner(sealed)
    say(news.figures(client.answers, len(scene.tokens)))
    _tell_what_next(say, url, campaign, sealed)
    return Played(campaign, began=True, answers=client.answers)


async def _eighth(client: Client, player: Player, praising: Praising, plan: Plan, campaign: CampaignThere, say: Say) -> str:
    """Play the rounds and return the last one that was sealed, empty where none was."""
    sealed, last = "", campaign.rounds[-1]
    for round_id, acts in zip(campaign.rounds, (plan.ideas, plan.vote, plan.final), strict=True):
        watch = Watch(client, round_id, say)
        found = await watch.until("open", "closing", "closed", "sealed", "void")
        if found["status"] == "void":
            say(f"“{found['name']}” was given up by a host: {found['reason']}")
            return sealed
        options = found["options"]
        ballot = Ballot(round_id, tuple(each["id"] for each in options), tuple(player.scene.flavours(options)), found["most"])
        watching = asyncio.create_task(watch.tell(last=round_id == last))
        beside = player.notice_visitors(campaign.id) if not options else praising.praise(ballot.options)
        besides = asyncio.create_task(beside)
        await player.play(acts, ballot, datetime.fromisoformat(found["opens_at"]), watch)
        besides.cancel()
        await asyncio.gather(besides, return_exceptions=True)
        if (await watching)["status"] == "void":
            return sealed
        sealed = round_id
    return sealed


async def _label(client: Client, player: Player, plan: Plan, label: CampaignThere) -> None:
    watch = Watch(client, label.rounds[0], _keep_quiet)
    found = await watch.until("open")
    flavours = tuple(Flavour(each.tags) for each in corpus.campaigns().label.options)
    ballot = Ballot(label.rounds[0], tuple(each["id"] for each in found["options"]), flavours, whim=LABEL_WHIM)
    await player.play(plan.label, ballot, datetime.now(UTC), watch)


async def _watched(client: Client, there: CampaignThere, say: Say) -> str:
    """Watch the rounds to their end and return the last one that was sealed, empty where none was."""
    sealed = ""
    for round_id in there.rounds:
        if (await Watch(client, round_id, say).tell(last=round_id == there.rounds[-1]))["status"] == "void":
            break
        sealed = round_id
    return sealed


def _keep_quiet(line: str) -> None:
    """Say nothing of a round that goes on for weeks."""
    del line


def _tell_what_next(say: Say, url: str, campaign: CampaignThere, sealed: str) -> None:
    for line in news.done(url, sealed, campaign.id):
        say(line)
