"""The pages: each module fills the contexts of one area and answers its forms."""

from fastapi import APIRouter, Depends

from fanfare.web.files import HashedFiles
from fanfare.web.layout import STATIC
from fanfare.web.pages import (
    access,
    answers,
    appearance,
    auditors,
    ballots,
    briefs,
    campaign,
    circles,
    circles_desk,
    design,
    draft_preview,
    drafts,
    draws,
    draws_desk,
    exports,
    fan_standings,
    fans,
    flags,
    front,
    host,
    idea_forms,
    idea_history,
    idea_lists,
    idea_pictures,
    ideas,
    invitation,
    kept,
    kudos,
    live,
    mail_settings,
    mine,
    moderation,
    my_ballots,
    my_rights,
    my_thanks,
    newcomers,
    operator,
    people,
    people_roles,
    pictures,
    plans,
    receipts,
    recognition,
    recognition_desk,
    removal,
    results,
    rewards,
    rewards_consent,
    rewards_desk,
    rewards_form,
    rewards_give,
    rewards_mine,
    round_desk,
    rule_form,
    sensitive,
    settings,
    setup,
    simulation,
    site_acts,
    thanks,
    timeline,
    title_form,
    unproven,
    ways_in,
)

MODULES = (
    *(
        front,
        campaign,
        live,
        timeline,
        idea_pictures,
        idea_lists,
        idea_forms,
        ideas,
        idea_history,
        pictures,
        removal,
        ballots,
        receipts,
        results,
        people,
    ),
    *(mine, my_ballots, my_rights, access, ways_in, fans, kept),
    *(kudos, my_thanks, thanks, newcomers),
    *(draws, draws_desk),
    *(circles, briefs, circles_desk),
    *(rewards, rewards_mine, rewards_consent, rewards_form, rewards_give, rewards_desk),  # the forms first, as below
    *(flags, answers, moderation),
    *(recognition, fan_standings, rule_form, title_form, recognition_desk),  # the forms first: their addresses would be acts
    *(host, drafts, plans, round_desk),  # plans first: its address would be an act of a round
    *(draft_preview, settings, mail_settings, people_roles, invitation, site_acts, exports),
    *(setup, auditors, sensitive, unproven, operator, simulation, appearance, design),
)
"""Each has a ``router``."""


def mount(router: APIRouter) -> None:
    """Add every page and the static files to *router*."""
    for module in MODULES:
        router.include_router(module.router, include_in_schema=False, dependencies=[Depends(setup.founded)])
    router.mount("/static", HashedFiles(directory=STATIC), name="static")
