"""A host's desk of one round: where it stands, what she can do now, and what others decided meanwhile."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request, Response
from psycopg import AsyncConnection

from fanfare.campaigns.drafts import DraftRound
from fanfare.campaigns.reading import CampaignRead, RoundRead, read_campaign
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.campaigns.service import Campaigns
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.edge import Caller, Host, TheDesk, asked
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.kinds import canonical, digest
from fanfare.record.position import Position
from fanfare.record.terms import Advanced, FixedList
from fanfare.reports.counted import Counted
from fanfare.reports.report import Figures, Turnout
from fanfare.views import timeline
from fanfare.web import local_times, urls, words
from fanfare.web.contexts.campaigns import RoundState, RoundStub
from fanfare.web.contexts.host import ActName, OvertakenPage, PublicAct, RoundDeskPage
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.results import Column
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.decisions_said import said
from fanfare.web.pages.host import chrome, desk_router, led_to, opened_from, shown, waits
from fanfare.web.typed import posted

router = desk_router()
STATES: dict[str, RoundState] = {"planned": "upcoming", "open": "open", "closing": "closing", "closed": "closed", "sealed": "sealed", "void": "void"}
WANTED = {
    "open": "open the round",
    "extend": "extend the round",
    "pause": "pause the round",
    "resume": "resume the round",
    "close": "close the round",
    "void": "void the round",
    "plan": "change the plan of the round",
}
