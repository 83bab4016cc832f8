"""Where each page lives: the one place that templates and routes take addresses from."""

from urllib.parse import quote, urlencode

FRONT = "/"
SIGN_IN = "/sign-in"
SIGN_IN_CONFIRM = "/sign-in/confirm"
SIGN_OUT = "/sign-out"
MAILBOX = "/mailbox"
MINE = "/me"
ACCESS = "/me/access"
KEPT = "/me/kept"
ERASE = "/me/erase"
EXPORT = "/api/v1/me/export"
REMOVAL = "/texts/removal"
SETUP = "/setup"
LIMITS = "/limits"
CHECK = "/check"
PROBLEMS = "/problems"
JOIN = "/simulation/join"
DESK = "/host"
NEW_CAMPAIGN = "/host/campaigns/new"
CAMPAIGNS = "/host/campaigns"
OPERATIONS = "/host/operations"


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
    """Return an idea's page, or one *part* of it: edit, withdraw, support, comments."""
    return f"/ideas/{quote(idea_id)}" + (f"/{part}" if part else "")


def round_(round_id: str, part: str) -> str:
    """Return one *part* of a round: ballot, receipt, report, report.json, report.csv, terms."""
    return f"/rounds/{quote(round_id)}/{part}"


def campaign_desk(campaign_id: str, part: str = "") -> str:
    """Return a host's page of a campaign: its draft, or one *part* of it: publish."""
    return f"/host/campaigns/{quote(campaign_id)}" + (f"/{part}" if part else "")


def round_desk(round_id: str, act: str = "") -> str:
    """Return a host's desk of a round, or where one *act* is posted: open, extend, pause, resume, close, void."""
    return f"/host/rounds/{quote(round_id)}" + (f"/{act}" if act else "")


def template(name: str) -> str:
    """Return the form of a new campaign, begun from a template."""
    return _with(NEW_CAMPAIGN, {"template": name})


def brand_css(colour: str) -> str:
    """Return the stylesheet of one brand colour, `#rrggbb`."""
    return _with("/brand.css", {"c": colour.removeprefix("#")})


def sign_in(after: str = "") -> str:
    """Return the sign-in page that leads back to *after*."""
    return _with(SIGN_IN, {"next": after})


def _with(address: str, query: dict[str, str]) -> str:
    kept = {name: text for name, text in query.items() if text}
    return f"{address}?{urlencode(kept)}" if kept else address
