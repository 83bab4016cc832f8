"""Contexts of what admins set, and of a draft on its way to being published, as samples."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from fanfare.web import colours
from fanfare.web.contexts import ballots, host, settings, shell
from fanfare.web.pages import draft_forms, draft_preview
from fanfare.web.pages.mail_settings import ENCRYPTIONS
from fanfare.web.pages.people_roles import ROLES
from tests.journeys.sample_ground import FIRST, NOW, PINK, SUMMARY, ago, ahead

ZONES = ("Europe/Berlin", "Europe/London", "UTC")
VALUES = {
    "title": "The Eighth Flavour",
    "summary": SUMMARY,
    "about": "Seven sodas in *ninety years*.",
    "zone": "Europe/Berlin",
    "rounds": "2",
    "rounds-0-name": "Flavour",
    "rounds-0-question": "Which flavour goes on?",
    "rounds-0-asked_by": "Dora Lindqvist, head of flavour",
    "rounds-0-next": "The three are cooked and tasted in public on 20 November.",
    "rounds-0-opens_at": "2026-11-22T09:00",
    "rounds-0-closes_at": "2026-11-29T18:00",
    "rounds-0-keeps": "3",
    "rounds-0-method": "plurality.v1",
    "rounds-0-input": "list",
    "rounds-0-options": "Sour Cherry Cola\nPine & Lime",
}
FLAVOUR = host.RoundInWords(
    1,
    "Flavour",
    "Which flavour goes on?",
    "Dora Lindqvist, head of flavour",
    "The kitchen can cook three at a time.",
    "The three are cooked and tasted in public on 20 November.",
    "Open for 7 days: from Sunday 22 November, 09:00, to Sunday 29 November, 18:00 (Europe/Berlin).",
    "Members choose one of your two options. Three go on; of equal ones at the cut the earliest goes on.",
    has_paper=True,
)
FINAL = host.RoundInWords(
    2, "Final", "", "", "", "", FLAVOUR.times, FLAVOUR.counting, has_paper=True, missing=("Round 2 has no question yet.",)
)
GAPS = (
    "Round 1 does not say why you ask.",
    "Round 2 has no question yet.",
    "Round 2 does not say what happens with the answers.",
)


def _steps(present: str, *whole: str) -> tuple[host.DraftStep, ...]:
    labels = {"story": "Story", "round-1": "Round 1", "round-2": "Round 2", "check": "Check and publish"}
    return tuple(
        host.DraftStep(name, label, "now" if name == present else "done" if name in whole else "missing", name in whole)
        for name, label in labels.items()
    )


def _draft(step: str, form: shell.Form, *whole: str, **more: object) -> host.DraftPage:
    told: dict[str, object] = {"campaign_id": "c9", "version": 4, "seen": "0a", "title": "The Eighth Flavour", **more}
    return host.DraftPage(
        form,
        2,
        ZONES,
        draft_forms.METHODS,
        draft_forms.INPUTS,
        draft_forms.TIES,
        draft_forms.ELECTORATES,
        "key-4",
        step=step,
        steps=_steps(step, *whole),
        **told,  # type: ignore[arg-type]
    )


STORY = _draft("story", shell.Form(VALUES), "story")
OVERTAKEN = _draft(
    "story", shell.Form(VALUES), "story", changed_by="Emeka Obi", differences=(host.Difference("Title", "The Ninth Flavour"),)
)
WRONG = {"rounds-0-why": "Fans want to know why you ask. One sentence is enough."}
ROUND = _draft("round-1", shell.Form(VALUES, WRONG), "story", missing=GAPS[:1], checked=(FLAVOUR,))
APPROVAL = _draft("round-1", shell.Form({**VALUES, "rounds-0-method": "approval.v1"}), "story", "round-1", checked=(FLAVOUR,))
MISSING = _draft("check", shell.Form(VALUES), "story", missing=GAPS, checked=(FLAVOUR, FINAL))
READY = _draft("check", shell.Form(VALUES), "story", "round-1", "round-2", "check", checked=(FLAVOUR,))
NEW = host.NewCampaignPage("key-5", is_first=True)
PLAN = host.PlanPage(
    shell.Form(VALUES),
    1,
    ZONES,
    draft_forms.METHODS,
    draft_forms.INPUTS,
    draft_forms.TIES,
    draft_forms.ELECTORATES,
    "key-6",
    first=2,
    round_id="r2",
    campaign_title="The Eighth Flavour",
    after=3,
)
PREVIEW_NOTE = host.PreviewNote("c9", "1", (host.Choice("1", "Ballot paper of round 1"),))

NOTICE = "## What we keep\n\nYour name and your address, until you have yourself erased.\n\n- *Whom to ask:* dora@pomfret.example"
PRESENTED = {"brand": "Pomfret Soda", "colour": PINK, "zone": "Europe/Berlin", "privacy": NOTICE}
SETTINGS = settings.SettingsPage(shell.Form(PRESENTED), ZONES, "key-7", 4, PINK, colours.remarks(PINK))
SETTINGS_OVERTAKEN = settings.SettingsPage(
    shell.Form({**PRESENTED, "colour": "#2457d6"}, {"brand": "The brand is empty. Write something there."}),
    ZONES,
    "key-7",
    5,
    "#2457d6",
    colours.remarks("#2457d6"),
    meanwhile="Ada N. changed the colour",
)
SERVER = {
    "host": "smtp.example.org",
    "port": "587",
    "encryption": "starttls",
    "username": "pomfret",
    "sender": "soda@pomfret.example",
}
MAIL_NONE = settings.MailPage(shell.Form({"port": "587"}), ENCRYPTIONS, is_set=False, address="ada@pomfret.example", waiting=2)
MAIL_TRIED = settings.MailPage(
    shell.Form(SERVER),
    ENCRYPTIONS,
    is_set=True,
    has_password=True,
    address="ada@pomfret.example",
    tried="ok",
    said="The server smtp.example.org, port 587 took the mail. Look into ada@pomfret.example: it should be there.",
    answer="2.0.0 Ok: queued as 4Zx81",
)
MAIL_REFUSED = settings.MailPage(
    shell.Form(SERVER),
    ENCRYPTIONS,
    is_set=True,
    address="ada@pomfret.example",
    tried="bad",
    said="We reached smtp.example.org, port 587, and it does not take this user name with this password. Correct them.",
    answer="(535, '5.7.8 Error: authentication failed')",
)
MAIL_ENVIRONMENT = settings.MailPage(
    shell.Form(), ENCRYPTIONS, is_set=True, from_environment="smtp.example.org, port 587, as soda@pomfret.example"
)
PEOPLE = settings.PeoplePage(
    (
        settings.Holding("m3", "Ada N.", "admin", ago(days=90), "The console", is_last_admin=True, is_me=True),
        settings.Holding("m1", "Dora Lindqvist", "host", ago(days=80), "Ada N."),
        settings.Holding("m2", "Emeka Obi", "moderator", ago(days=3), "Ada N."),
    ),
    ROLES,
    "key-8",
    "noor",
    (settings.Found("m7", "Noor A.", ago(days=40), ()), settings.Found("m8", "Noor El-Amin", ago(days=4), ("auditor",))),
    invited=(settings.Invited("ab12", "kitchen@pomfret.example", "host", "Ada N.", ahead(days=6)),),
    form=shell.Form({"reason": ""}, {"reason": "The reason is empty. Write something there."}),
    failed="revoke-m1-host",
)
ALONE = settings.PeoplePage(PEOPLE.holdings[:1], ROLES, "key-8", "new@example.org", (), is_address=True, form=shell.Form())
INVITATION = settings.InvitationPage("token", "host", "Ada N.", "kitchen@pomfret.example", NOW + timedelta(days=7))
DECISIONS = settings.SiteDecisionsPage(
    (
        settings.SiteDecision(
            ago(hours=3), "Ada N.", "changed the colour and the privacy notice", "0/8,190", "The lawyers read it."
        ),
        settings.SiteDecision(ago(days=80), "Ada N.", "made Dora Lindqvist a host", "0/4"),
        settings.SiteDecision(ago(days=90), "The console", "began the record", "0/0"),
    ),
    "12",
)
PRIVACY = settings.NoticePage("Privacy notice", NOTICE, ago(days=3))
EXPORTS = settings.ExportsPage(
    (settings.ExportCampaign("c1", "The Eighth Flavour", (host.Choice("r1", "Round 1, Flavour"),), has_ideas=True),), 38112
)
NOTHING_TO_EXPORT = settings.ExportsPage((), 3)
OPTIONS = tuple(
    ballots.BallotOption(f"o{at}", "AB"[at], title, "") for at, title in enumerate(("Sour Cherry Cola", "Pine & Lime"))
)
PAPER = draft_preview.PreviewBallot(
    FIRST,
    "Which flavour goes on?",
    "Dora Lindqvist, head of flavour,",
    FLAVOUR.why,
    OPTIONS,
    "plurality",
    1,
    "",
    "0" * 64,
    voter="",
    note=PREVIEW_NOTE,
)

ADA = shell.Viewer("m3", "Ada N.", is_host=True, is_admin=True)
DESK = shell.Shell("Pomfret Soda", NOW, "Europe/Berlin", "csrf-token", section="desk", viewer=ADA, colour=PINK)
ADMIN = msgspec.structs.replace(DESK, section="settings", has_privacy=True, has_imprint=True)
DRAFTED = msgspec.structs.replace(DESK, campaign=shell.CampaignChrome("c9", "The Eighth Flavour", PINK, is_draft=True))
STRANGER = msgspec.structs.replace(DESK, section="", viewer=None)
PAGES: Mapping[str, tuple[shell.Shell, shell.Page]] = {
    "host-new": (msgspec.structs.replace(DESK, section="new"), NEW),
    "host-draft": (DESK, STORY),
    "host-draft-overtaken": (DESK, OVERTAKEN),
    "host-draft-round": (DESK, ROUND),
    "host-draft-approval": (DESK, APPROVAL),
    "host-draft-missing": (DESK, MISSING),
    "host-draft-check": (DESK, READY),
    "host-plan": (DESK, PLAN),
    "host-preview-ballot": (DRAFTED, PAPER),
    "settings": (ADMIN, SETTINGS),
    "settings-overtaken": (ADMIN, SETTINGS_OVERTAKEN),
    "mail-none": (ADMIN, MAIL_NONE),
    "mail-tried": (ADMIN, MAIL_TRIED),
    "mail-refused": (ADMIN, MAIL_REFUSED),
    "mail-environment": (ADMIN, MAIL_ENVIRONMENT),
    "people": (ADMIN, PEOPLE),
    "people-alone": (ADMIN, ALONE),
    "invitation": (STRANGER, INVITATION),
    "site-decisions": (STRANGER, DECISIONS),
    "privacy": (STRANGER, PRIVACY),
    "exports": (msgspec.structs.replace(DESK, section="exports"), EXPORTS),
    "exports-empty": (msgspec.structs.replace(DESK, section="exports"), NOTHING_TO_EXPORT),
}
"""By name, with the shell that each stands in."""
