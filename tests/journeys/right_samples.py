"""The pages of rights of fans, as samples: her own page of them, and what admins and everybody else see of them."""

from collections.abc import Mapping

import msgspec

from fanfare.web.contexts import Page, Shell, rights, settings, shell
from fanfare.web.contexts.host import Choice
from fanfare.web.pages.people_rights import KINDS
from tests.journeys import people_samples, settings_samples
from tests.journeys.sample_ground import ago, ahead

NOOR = shell.Viewer("m7", "Noor A.", may_moderate=True, has_rights=True)
HERS = msgspec.structs.replace(people_samples.STRANGER, section="rights", viewer=NOOR)
BARE = msgspec.structs.replace(HERS, section="", viewer=shell.Viewer("m7", "Noor A."))
WHY = "She has answered newcomers here since the first round."
QUEUE = shell.Action("Three cases wait", "/host/moderation")
HELD = (
    rights.HeldRight("p1", "Moderate “The Eighth Flavour”", ahead(days=5), ago(days=180), "Ada N.", WHY, (QUEUE,)),
    rights.HeldRight(
        "p2",
        "Host “A bag that lasts”",
        ahead(days=160),
        ago(days=12),
        "Ada N.",
        "She had the idea, and she knows the people of the mill.",
        (
            shell.Action("The desk of round 2", "/host/rounds/r2"),
            shell.Action("Nine ideas wait for an answer", "/host/campaigns/c2/answers"),
        ),
    ),
)
PAST = (
    rights.PastRight("Welcome newcomers", ago(days=400), ago(days=200)),
    rights.PastRight("Answer ideas in “The Seventh Flavour”", ago(days=300), ago(days=260), "Laid down by herself."),
)
PAGE = rights.RightsPage(HELD, PAST, "key-1")
FAILED = msgspec.structs.replace(
    PAGE,
    form=shell.Form({"power": "p2", "reason": "x" * 301}, {"reason": "The reason has 301 characters; 300 is the most."}),
    failed="p2",
)
GIVEN = (
    rights.GivenRight("p1", "m7", "Noor A.", "Moderates “The Eighth Flavour”", ahead(days=5), ago(days=180), "Ada N.", WHY),
    rights.GivenRight("p3", "m9", "Tomasz W.", "Welcomes newcomers", ahead(days=300), ago(days=2), "Ada N."),
)
PEOPLE = msgspec.structs.replace(
    settings_samples.PEOPLE,
    rights=GIVEN,
    kinds=KINDS,
    places=(Choice("", "The whole site"), Choice("c1", "The Eighth Flavour")),
    form=shell.Form({"may": "host", "until": "2026-11-30"}, {"campaign": "Choose the campaign that is hosted."}),
    failed="give-right-m7",
)
FAN = msgspec.structs.replace(
    people_samples.FAN,
    places=(rights.Place("Moderates “The Eighth Flavour”", ahead(days=5)), rights.Place("Welcomes newcomers", ahead(days=90))),
)
_DECISIONS = (
    settings.SiteDecision(ago(hours=2), "Noor A.", "laid down the right to answer ideas in “The Seventh Flavour”", "0/8,201"),
    settings.SiteDecision(
        ago(days=180), "Ada N.", "gave Noor A. the right to moderate in “The Eighth Flavour” until 9 May 2027", "0/5,002", WHY
    ),
)
PAGES: Mapping[str, tuple[Shell, Page]] = {
    "rights": (HERS, PAGE),
    "rights-refused": (HERS, FAILED),
    "rights-none": (BARE, rights.RightsPage((), PAST[:1])),
    "people-rights": (settings_samples.ADMIN, PEOPLE),
    "fan-rights": (people_samples.STRANGER, FAN),
    "site-rights": (people_samples.STRANGER, settings.SiteDecisionsPage(_DECISIONS)),
}
