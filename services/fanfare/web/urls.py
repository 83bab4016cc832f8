"""Where each page lives: the one place that templates and routes take addresses from."""

from urllib.parse import quote, urlencode

FRONT = "/"
SIGN_IN = "/sign-in"
SIGN_IN_CONFIRM = "/sign-in/confirm"
SIGN_IN_PASSKEY = "/sign-in/passkey"
SIGN_OUT = "/sign-out"
MAILBOX = "/mailbox"
MINE = "/me"
ACCESS = "/me/access"
ADDRESS_CONFIRM = "/me/address/confirm"
ADDRESS_UNDO = "/me/address/undo"
MY_BALLOTS = "/me/ballots"
KEPT = "/me/kept"
ERASE = "/me/erase"
EXPORT = "/api/v1/me/export"
REMOVAL = "/texts/removal"
SETUP = "/setup"
LIMITS = "/limits"
CHECK = "/check"
CHECKPOINTS = "/check/checkpoints"
ACTS = "/acts"
ACTS_FEED = "/acts.atom"
PROBLEMS = "/problems"
APPEARANCE = "/appearance"
DESIGN = "/design"
JOIN = "/simulation/join"
DESK = "/host"
NEW_CAMPAIGN = "/host/campaigns/new"
CAMPAIGNS = "/host/campaigns"
OPERATIONS = "/host/operations"
MODERATION = "/host/moderation"
SETTINGS = "/host/settings"
MAIL = "/host/settings/mail"
PEOPLE = "/host/people"
EXPORTS = "/host/exports"
RECOGNITION = "/recognition"
DRAWS_DESK = "/host/draws"
RECOGNITION_DESK = "/host/recognition"
RULE_TRIAL = f"{RECOGNITION_DESK}/rule/trial"
MY_STANDINGS = "/me/standings"
RIGHTS = "/me/rights"
THANKS = "/host/thanks"
BETWEEN = "."
"""Between ids in one parameter."""
CIRCLES = "/circles"
CIRCLES_DESK = "/host/circles"
REWARDS = "/rewards"
REWARDS_DESK = "/host/rewards"
REWARD_NEW = "/host/rewards/new"
CONSENT = "/consent"
UNSUBSCRIBE = "/unsubscribe"
COME = "/join"
INVITE = "/me/invite"
WELCOME = "/welcome"
INVITATION = "/invitation"
PRIVACY = "/privacy"
IMPRINT = "/imprint"
SITE_DECISIONS = "/site/decisions"
ARCHIVE = "/record/archive"


def campaign(campaign_id: str, part: str = "") -> str:
    """Return a campaign's page, or one *part* of it: ideas, timeline, report, live."""
    return f"/campaigns/{quote(campaign_id)}" + (f"/{part}" if part else "")


def live(campaign_id: str, state: str) -> str:
    """Return the live stream of a campaign; *state* is the one that the page shows."""
    return _with(campaign(campaign_id, "live"), {"state": state})


def ideas(campaign_id: str, **query: str) -> str:
    """Return the ideas of a campaign, sorted and filtered by *query*."""
    return _with(campaign(campaign_id, "ideas"), query)


def timeline(campaign_id: str, **query: str) -> str:
    """Return a campaign's timeline, filtered and paged by *query*."""
    return _with(campaign(campaign_id, "timeline"), query)


def idea(idea_id: str, part: str = "") -> str:
    """Return an idea's page, or one *part* of it: edit, withdraw, support, supporters, comments, answer, versions/2."""
    return f"/ideas/{quote(idea_id)}" + (f"/{part}" if part else "")


def comments(idea_id: str, after: int = 0) -> str:
    """Return a page of the comments under an idea, those behind the place *after*."""
    return _with(idea(idea_id), {"after": str(after or "")}) + "#comments"


def supporters(idea_id: str, cursor: str = "") -> str:
    """Return who supports an idea, from *cursor* on."""
    return _with(idea(idea_id, "supporters"), {"cursor": cursor})


def picture(picture_hash: str, size: str) -> str:
    """Return where one size of a picture is: small, middle, large. What is there never changes."""
    return f"/pictures/{quote(picture_hash)}/{size}.webp"


def round_(round_id: str, part: str) -> str:
    """Return one *part* of a round: ballot, receipt, report, report.json, report.csv, terms."""
    return f"/rounds/{quote(round_id)}/{part}"


def receipt(round_id: str, event: str, part: str = "") -> str:
    """Return the receipt of one ballot, or one *part* of it: copy, a file that checks itself."""
    return _with(round_(round_id, "receipt") + (f"/{part}" if part else ""), {"event": event})


def my_ballots(round_id: str, cursor: str = "") -> str:
    """Return a fan's own page of her ballots in one round, from *cursor* on."""
    return _with(MY_BALLOTS, {"round": round_id, "cursor": cursor})


def campaign_desk(campaign_id: str, part: str = "") -> str:
    """Return a host's page of a campaign: its draft, or one *part* of it: publish."""
    return f"/host/campaigns/{quote(campaign_id)}" + (f"/{part}" if part else "")


def round_desk(round_id: str, act: str = "") -> str:
    """Return a host's desk of a round, or where one *act* is posted: open, extend, pause, resume, close, void."""
    return f"/host/rounds/{quote(round_id)}" + (f"/{act}" if act else "")


def campaign_answers(campaign_id: str, cursor: str = "") -> str:
    """Return a host's page of the ideas that wait for an answer, from *cursor* on."""
    return _with(campaign_desk(campaign_id, "answers"), {"cursor": cursor})


def moderation(content: str = "") -> str:
    """Return the queue of moderators, with one case open: an idea or a comment; the oldest where none is named."""
    return _with(MODERATION, {"case": content})


def moderation_act(act: str) -> str:
    """Return where one *act* of a moderator is posted: hide, show, leave, reopen."""
    return f"{MODERATION}/{act}"


def flag(content: str, part: str = "") -> str:
    """Return the form that tells moderators of an idea or a comment, or where its author asks *back*."""
    return f"/flags/{quote(content)}" + (f"/{part}" if part else "")


def draft_step(draft_id: str, step: str) -> str:
    """Return one step of a draft: story, round-1, round-2 and so on, check."""
    return _with(campaign_desk(draft_id), {"step": step})


def brand_css(colour: str) -> str:
    """Return the stylesheet of one brand colour, `#rrggbb`."""
    return _with("/brand.css", {"c": colour.removeprefix("#")})


def fan(member: str) -> str:
    """Return a member's page, as others see it."""
    return f"/fans/{quote(member)}"


def kudos(member: str, about: str = "") -> str:
    """Return the form that gives a fan kudos, and where it is posted; *about* an idea or a comment of hers."""
    return _with(f"{fan(member)}/kudos", {"about": about})


def kudos_back(kudos_id: str) -> str:
    """Return where kudos are taken back."""
    return f"/kudos/{quote(kudos_id)}/back"


def my_thanks(thanks_id: str) -> str:
    """Return a thank-you as whoever got it reads it."""
    return f"{MINE}/thanks/{quote(thanks_id)}"


def thanks(*to: str) -> str:
    """Return the thank-yous on a host's desk, with the form for the members *to*."""
    return _with(THANKS, {"to": BETWEEN.join(to)})


def unsubscribe(token: str) -> str:
    """Return the page that ends mail of thank-yous and kudos, and where its button is posted."""
    return _with(UNSUBSCRIBE, {"token": token})


def come(code: str) -> str:
    """Return a member's own link, by which newcomers come."""
    return _with(COME, {"from": code})


def checkpoints(partition: int, before: str = "") -> str:
    """Return the history of a partition's checkpoints, from those smaller than *before* on."""
    return _with(CHECKPOINTS, {"partition": str(partition) if partition else "", "before": before})


def kept_checkpoint(partition: int, size: int) -> str:
    """Return where one checkpoint that was published is, as the signed note that it was."""
    return f"/api/v1/record/checkpoints/{partition}/{size}"


def acts(kind: str = "", cursor: str = "") -> str:
    """Return what was decided by hand, of one *kind* where it is named."""
    return _with(ACTS, {"kind": kind, "cursor": cursor})


def act(place: int) -> str:
    """Return one sensitive act: the page that begins with it."""
    return _with(ACTS, {"cursor": str(place + 1)})


def proof(event_id: str, position: str) -> str:
    """Return where the proof is that an event is in the record, which stands at this `partition:offset:index`."""
    return _with(f"/api/v1/receipts/{quote(event_id)}", {"position": position})


def award(award_id: str) -> str:
    """Return the page that says why somebody got an award."""
    return f"/awards/{quote(award_id)}"


def campaign_fans(campaign_id: str, cursor: str = "") -> str:
    """Return the standings of a campaign's fans, from *cursor* on."""
    return _with(campaign(campaign_id, "fans"), {"cursor": cursor})


def season(name: str, cursor: str = "") -> str:
    """Return the standings of fans in a season such as 2026-q4, from *cursor* on."""
    return _with(f"/seasons/{quote(name)}", {"cursor": cursor})


def rule_form(rule: str = "", earning: str = "") -> str:
    """Return the form of a rule's next version, or of a new rule that earns *earning*: points, badge, tier."""
    return _with(f"{RECOGNITION_DESK}/rule", {"rule": rule, "earns": earning})


def title_form(member: str = "") -> str:
    """Return the form that gives a title, to *member* where she is chosen."""
    return _with(f"{RECOGNITION_DESK}/title", {"member": member})


def draw(draw_id: str, act: str = "") -> str:
    """Return a draw's page, or where one *act* is posted: entry, seat."""
    return f"/draws/{quote(draw_id)}" + (f"/{act}" if act else "")


def circle(circle_id: str, act: str = "") -> str:
    """Return a circle's page, or where one *act* is posted: entry."""
    return f"{CIRCLES}/{quote(circle_id)}" + (f"/{act}" if act else "")


def brief(brief_id: str, act: str = "") -> str:
    """Return a brief's page, or where one *act* is posted: notes."""
    return f"/briefs/{quote(brief_id)}" + (f"/{act}" if act else "")


def note(note_id: str, act: str) -> str:
    """Return where one *act* on a note is posted: back, report, hide, show."""
    return f"/notes/{quote(note_id)}/{act}"


def circle_desk(circle_id: str, act: str = "", to: str = "") -> str:
    """Return a host’s page of a circle, with the fan *to* chosen; or where an *act* is posted: brief, invite, change …."""
    return _with(f"{CIRCLES_DESK}/{quote(circle_id)}" + (f"/{act}" if act else ""), {"to": to})


def draw_void(draw_id: str) -> str:
    """Return where a host calls a draw off."""
    return f"{DRAWS_DESK}/{quote(draw_id)}/void"


def rewards_desk(**query: str) -> str:
    """Return the host's shelf, for a fan (*to*) or the winners of a *draw* where she came for them."""
    return _with(REWARDS_DESK, query)


def reward_desk(reward_id: str, act: str = "") -> str:
    """Return a host's page of a reward, the list to *pack* by, or where an *act* is posted: prepared, withdraw, stock …."""
    return f"{REWARDS_DESK}/{quote(reward_id)}" + (f"/{act}" if act else "")


def reward_give(reward_id: str, **query: str) -> str:
    """Return the form that offers a reward, *to* a fan or to the winners of a *draw* where they are chosen."""
    return _with(f"{REWARDS_DESK}/{quote(reward_id)}/offer", query)


def my_offer(offer_id: str, act: str = "") -> str:
    """Return an offer as whoever got it reads it, or where one *act* is posted: accept, decline, arrived."""
    return f"{MINE}/offers/{quote(offer_id)}" + (f"/{act}" if act else "")


def consent(token: str) -> str:
    """Return the page on which a guardian answers."""
    return _with(CONSENT, {"token": token})


def sign_in_again(after: str) -> str:
    """Return the sign-in page for somebody who is signed in, and shows once more who she is."""
    return _with(SIGN_IN, {"next": after, "again": "yes"})


def sign_in(after: str = "") -> str:
    """Return the sign-in page that leads back to *after*."""
    return _with(SIGN_IN, {"next": after})


def _with(address: str, query: dict[str, str]) -> str:
    kept = {name: text for name, text in query.items() if text}
    return f"{address}?{urlencode(kept)}" if kept else address
