"""An example address of every page, by its route: what is not here fails the accessibility test."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tests.journeys.town import Town

Address = Callable[[Town], str]


def _at(path: str) -> Address:
    return lambda town: path.format(
        ideas=town.ideas_campaign,
        votes=town.vote_campaign,
        idea=town.ideas[0],
        vote=town.vote_round,
        sealed=town.sealed_round,
        raising=town.ideas_round,
        planned=town.planned_round,
        draft=town.draft,
        member=town.people["noor"].id,
        award=town.award,
        draw=town.draw,
    )


def _signing_in(town: Town) -> str:
    town.run(town.site.stranger.post("/api/v1/sign-in", json={"email": "wren@example.org"}))
    link = urlsplit(town.mails("wren@example.org")[0]["link"])
    return f"{link.path}?{link.query}"


PAGES: Mapping[str, Address] = {
    "/": _at("/"),
    "/limits": _at("/limits"),
    "/check": _at("/check"),
    "/problems": _at("/problems"),
    "/design": _at("/design"),
    "/campaigns/{campaign_id}": _at("/campaigns/{votes}"),
    "/campaigns/{campaign_id}/timeline": _at("/campaigns/{votes}/timeline"),
    "/campaigns/{campaign_id}/report": _at("/campaigns/{votes}/report"),
    "/campaigns/{campaign_id}/ideas": _at("/campaigns/{ideas}/ideas"),
    "/campaigns/{campaign_id}/ideas/new": _at("/campaigns/{ideas}/ideas/new"),
    "/ideas/{idea_id}": _at("/ideas/{idea}"),
    "/ideas/{idea_id}/answer": _at("/ideas/{idea}/answer"),
    "/ideas/{idea_id}/edit": _at("/ideas/{idea}/edit"),
    "/ideas/{idea_id}/versions/{number}": _at("/ideas/{idea}/versions/1"),
    "/ideas/{idea_id}/supporters": _at("/ideas/{idea}/supporters"),
    "/rounds/{round_id}/ballot": _at("/rounds/{vote}/ballot"),
    "/rounds/{round_id}/receipt": _at("/rounds/{sealed}/receipt"),
    "/rounds/{round_id}/report": _at("/rounds/{sealed}/report"),
    "/flags/{content}": _at("/flags/{idea}"),
    "/fans/{member_id}": _at("/fans/{member}"),
    "/awards/{award_id}": _at("/awards/{award}"),
    "/recognition": _at("/recognition"),
    "/campaigns/{campaign_id}/fans": _at("/campaigns/{ideas}/fans"),
    "/seasons/{season}": _at("/seasons/2026-q4"),
    "/site/decisions": _at("/site/decisions"),
    "/sign-in": _at("/sign-in"),
    "/sign-in/confirm": _signing_in,
    "/mailbox": _at("/mailbox"),
    "/me": _at("/me"),
    "/me/access": _at("/me/access"),
    "/me/kept": _at("/me/kept"),
    "/host": _at("/host"),
    "/host/campaigns/new": _at("/host/campaigns/new"),
    "/host/campaigns/{draft_id}": _at("/host/campaigns/{draft}"),
    "/host/campaigns/{draft_id}/preview": _at("/host/campaigns/{draft}/preview"),
    "/host/campaigns/{draft_id}/preview/{number}": _at("/host/campaigns/{draft}/preview/1"),
    "/host/campaigns/{campaign_id}/answers": _at("/host/campaigns/{ideas}/answers"),
    "/host/moderation": _at("/host/moderation"),
    "/host/exports": _at("/host/exports"),
    "/host/thanks": _at("/host/thanks"),
    "/draws/{draw_id}": _at("/draws/{draw}"),
    "/host/draws": _at("/host/draws"),
    "/fans/{member_id}/kudos": _at("/fans/{member}/kudos"),
    "/host/people": _at("/host/people"),
    "/host/recognition": _at("/host/recognition"),
    "/host/recognition/rule": _at("/host/recognition/rule?earns=badge"),
    "/host/recognition/title": _at("/host/recognition/title?member={member}"),
    "/host/settings": _at("/host/settings"),
    "/host/settings/mail": _at("/host/settings/mail"),
    "/host/rounds/{round_id}": _at("/host/rounds/{vote}"),
    "/host/rounds/{round_id}/plan": _at("/host/rounds/{planned}/plan"),
    "/host/operations": _at("/host/operations"),
}

NO_PAGES: Mapping[str, str] = {
    "/brand.css": "a stylesheet",
    "/healthz": "for machines",
    "/readyz": "for machines",
    "/metrics": "for machines",
    "/campaigns/{campaign_id}/live": "a stream",
    "/rounds/{round_id}/report.json": "a file",
    "/rounds/{round_id}/report.csv": "a file",
    "/rounds/{round_id}/terms": "leads to a file",
    "/host/campaigns": "leads to the desk",
    "/host/rounds/{round_id}/{act}": "leads to the round's desk",
    "/brand.txt": "for a script",
    "/pictures/{picture}/{size}.webp": "a picture",
    "/record/archive": "a file",
    "/host/exports/ideas/{campaign_id}": "a file",
    "/host/moderation/{decision}": "leads to the queue",
    "/privacy": "written by nobody here; its sample is tried",
    "/imprint": "written by nobody here; its sample is tried",
    "/unsubscribe": "opens by a link of a mail alone; its sample is tried",
    "/me/thanks/{thanks_id}": "of whoever was thanked alone; its sample is tried",
    "/invitation": "opens by a link of a mail alone; its sample is tried",
    "/me/address/confirm": "opens by a link of a mail alone; its sample is tried",
    "/me/address/undo": "opens by a link of a mail alone; its sample is tried",
    "/campaigns/{campaign_id}/ideas/similar": "a part of the form that raises an idea",
    "/sign-in/sent": "opens after a form was sent; its sample is tried",
    "/me/erase": "opens by a link of a mail alone; its sample is tried",
    "/setup": "closed for good once a site is founded; its sample is tried",
}
"""What GET answers with something else than a page of its own here, and why."""
