"""The design page, in development only: the tokens as computed, every component in all its states."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from fanfare.members import mail
from fanfare.platform.edge import TheDesk
from fanfare.platform.refusals import Invalid, NotFound
from fanfare.web import tints, urls
from fanfare.web.contexts.campaigns import Board, BoardRow, RoundStub, Ticket, Voice
from fanfare.web.contexts.design import DesignPage, Tint, Token
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.recognition import Badge
from fanfare.web.contexts.results import Seal
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.rules_in_words import emblems
from fanfare.web.shells import answered, shell_of

router = APIRouter()
OTHERS = (
    ("Pomfret pink", "#ff5c7c"),
    ("House green", tints.HOUSE_COLOUR),
    ("Yellow", "#ffe600"),
    ("Nearly white", "#fdf6ee"),
    ("Nearly black", "#14110f"),
    ("Neon", "#39ff14"),
    ("Cobalt", "#2457d6"),
)
_USES = {
    "stock": "the page",
    "paper": "what you hold",
    "well": "sunken",
    "wash": "chosen",
    "ink": "text, primary button",
    "ink-2": "second text",
    "line": "borders of controls",
    "hair": "rules that only adorn",
    "spot": "brand fill",
    "on-spot": "text on it",
    "spot-text": "links",
    "spot-edge": "edge of a brand fill",
    "ok": "checked, kept",
    "warn": "due soon",
    "bad": "failed, late",
}
_SUMMARY = "Seven are on the ballot. Taste with your head, choose with your heart: three go on."
_PRINT = "9f2c41d07be8a613c0ffee5a91d40c7e5c07e2d95c07e2d991d40c7e3ab8e2d9"


@router.get(urls.DESIGN)
async def design(request: Request, desk: TheDesk, c: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """Show the components in the site's colour, or in one that is tried. Raises: NotFound, Invalid."""
    if not await mail.has_mailbox(desk, request.app.state.settings):
        raise NotFound
    shell = await shell_of(request)
    try:
        colour = tints.parse_colour(c) if c else shell.colour
    except tints.ColourUnreadable as error:
        message = "A colour is six hexadecimal digits, such as ff5c7c."
        raise Invalid(message) from error
    return answered(request, msgspec.structs.replace(shell, colour=colour), specimen(colour, shell.now))


def tokens(colour: str) -> list[Token]:
    """Return the tokens of a brand with the contrast of each on the worst ground that it may lie on."""
    light, dark = tints.theme(colour, dark=False), tints.theme(colour, dark=True)
    needs = {name: f"{least:g}" for name, least in tints.LEAST_RATIO.items()} | {"on-spot": "4.5"}
    return [
        Token(name, use, Tint(light[name], _ratio(light, name)), Tint(dark[name], _ratio(dark, name)), needs.get(name, ""))
        for name, use in _USES.items()
    ]


def _ratio(theme: dict[str, str], name: str) -> str:
    if name == "on-spot":
        return f"{tints.contrast(theme[name], theme['spot']):.2f}"
    if name not in tints.LEAST_RATIO:
        return ""
    return f"{min(tints.contrast(theme[name], theme[ground]) for ground in tints.GROUNDS):.2f}"


def specimen(colour: str, now: datetime | None = None) -> DesignPage:
    """Return one of every component, in *colour*."""
    now = now or datetime.now(UTC)
    opened = RoundStub("r1", 1, "Flavour", "open", 7, 3, now - timedelta(days=5), now + timedelta(days=3, hours=4))
    sealed = msgspec.structs.replace(opened, id="r0", name="Ideas", state="sealed", closes_at=now - timedelta(hours=20), keeps=7)
    coming = msgspec.structs.replace(opened, id="r2", number=2, name="Last three", state="upcoming", takes=3, keeps=1)
    gone = msgspec.structs.replace(opened, id="r3", number=3, name="Can", state="void", reason="The list was wrong.")
    ticket = Ticket("c1", "The Eighth Flavour", _SUMMARY, "Pomfret Soda", 38_112, colour, opened, "can-vote", takes_ideas=False)
    why = "This round is for those who were members before it opened. You can vote in the next one."
    return DesignPage(
        colour=colour,
        others=OTHERS,
        tokens=tokens(colour),
        tickets={
            "Open": ticket,
            "Voted": msgspec.structs.replace(ticket, standing="voted"),
            "Not eligible": msgspec.structs.replace(ticket, standing="not-eligible", reason=why),
            "Closed": msgspec.structs.replace(ticket, round=msgspec.structs.replace(opened, state="closed")),
        },
        rounds=[sealed, opened, coming, gone],
        board=_board(opened, now),
        voices=_voices(now),
        steps=_STEPS,
        seal=Seal(_PRINT, now),
        badges=[Badge(emblem, min(at, 8), min(at + 1, 8), name) for at, (emblem, name) in enumerate(emblems().items(), 1)],
        form=_WRONG,
    )


_WRONG = Form(
    {"design-title": "Smoke and Honey", "design-mail": "noor@"}, {"design-mail": "An address has a name, an @ and a place."}
)
_STEPS = (
    Step("It is written", "Entry 30,441 of partition 2 holds your ballot.", "done"),
    Step("It counts in the live standings", "Until you cast another.", "now"),
    Step("The round is sealed", "Nobody can change its figures then.", "next"),
    Step("A copy was compared", "One entry is missing; look at the timeline.", "failed"),
)


def _board(of: RoundStub, now: datetime) -> Board:
    named = (("Sour Cherry Cola", 6104, 1), ("Pine & Lime", 5937, -1), ("Rhubarb Gate", 4480, 0), ("Salted Watermelon", 3506, 0))
    rows = [BoardRow(f"o{rank}", title, rank, count, change=change) for rank, (title, count, change) in enumerate(named, 1)]
    return Board(of, rows, 25_640, now)


def _voices(now: datetime) -> list[Voice]:
    earlier = now - timedelta(hours=2)
    return [
        Voice("Will Rhubarb Gate really be pink? I have been lied to by pink drinks before.", "Jonah P.", earlier),
        Voice("Yes. Forced rhubarb, pressed cold.", "Dora Lindqvist", now - timedelta(minutes=40), is_host=True),
        Voice("", "Somebody", earlier, gone="These words were removed by a moderator: an address stood in them."),
    ]
