"""What a teller of histories tells of recognition: rules, titles, kudos, thanks, and who is in no standings."""

from abc import abstractmethod
from collections import Counter

from fanfare.record import recognition
from fanfare.record.kinds import Event
from fanfare.record.recognition import Badge, DeedKind, Earns, Points, RulePublished, Tier
from tests.builders import HOST, text
from tests.moderated_histories import MODERATED, Moderated

DEEDS: tuple[DeedKind, ...] = recognition.DeedKind.__args__  # type: ignore[attr-defined]
RECOGNISED = (
    *MODERATED,
    "points rule",
    "badge rule",
    "tier rule",
    "next version of a rule",
    "rule for a campaign",
    "rule retired",
    "automation off",
    "title revoked",
    "kudos over the limit",
)
"""What a run over many histories must have produced of it, and of what moderators do."""


class Recognised(Moderated):
    """The part of a teller that recognises fans; the teller keeps what it needs to know."""

    happened: Counter[str]
    campaigns: list[str]
    _titles: list[recognition.AwardGranted]
    _kudos: list[recognition.KudosGiven]

    @abstractmethod
    def decide(self, stream: str, *events: Event) -> None:
        """Append a contested decision."""

    @abstractmethod
    def _fresh(self, kind: str) -> str:
        """Return a new id."""

    def _moderate(self) -> None:
        """Moderate, or recognise somebody, or decide how fans are recognised."""
        match self.random.random():
            case chance if chance < 0.45:
                super()._moderate()
            case chance if chance < 0.65:
                self.publish_rule()
            case chance if chance < 0.7:
                self._change_rules()
            case chance if chance < 0.8:
                self._title()
            case chance if chance < 0.95:
                self._praise()
            case _:
                self._stand_aside()

    def publish_rule(self) -> None:
        """Publish a new rule, or the next version of one."""
        known = sorted(self.streams.recognition.rules)
        rule = self.random.choice(known) if known and self.chance(0.4) else f"rule-{len(known)}"
        version = self.streams.recognition.rules[rule].published.version + 1 if rule in known else 1
        earns = self._earns()
        kind = type(earns).__name__.lower()
        campaign = self.random.choice(self.campaigns) if self.campaigns and self.chance(0.2) else None
        deeds = () if kind == "tier" else tuple(self.random.sample(DEEDS, self.random.randint(1, len(DEEDS))))
        self.happened[f"{kind} rule"] += 1
        self.happened["next version of a rule"] += version > 1
        self.happened["rule for a campaign"] += campaign is not None
        words = {"title": text(rule), "words": text("For those who begin."), "by": HOST}
        published = RulePublished(rule=rule, version=version, deeds=deeds, earns=earns, campaign=campaign, **words)
        self.decide(recognition.STREAM, published)

    def _earns(self) -> Earns:
        rising = tuple(sorted(self.random.sample(range(1, 12), self.random.randint(1, 3))))
        match self.random.choice(("points", "points", "badge", "tier")):
            case "points":
                caps = {"per_day": self.random.choice((0, 0, 1, 3)), "per_target": self.random.choice((0, 0, 1, 2))}
                return Points(points=self.random.randint(1, 5), **caps)
            case "badge":
                return Badge(emblem="spark", levels=rising)
            case _:
                return Tier(levels=rising, names=tuple(text(str(each)) for each in rising))

    def _change_rules(self) -> None:
        why = {"by": HOST, "reason": text("It was farmed.")}
        rules = sorted(self.streams.recognition.rules)
        if rules and self.chance(0.6):
            self.happened["rule retired"] += 1
            self.decide(recognition.STREAM, recognition.RuleRetired(rule=self.random.choice(rules), **why))
        else:
            self.happened["automation off"] += self.streams.recognition.automation
            allowed = not self.streams.recognition.automation
            self.decide(recognition.STREAM, recognition.AutomationSet(allowed=allowed, **why))

    def _title(self) -> None:
        if self._titles and self.chance(0.3):
            self.happened["title revoked"] += 1
            title = self._titles.pop()
            why = text("It was a mistake.")
            self.put(0, recognition.AwardRevoked(award=title.award, turn=2, member=title.member, by=HOST, reason=why))
            return
        award, member = text(self._fresh("title"))[:32], self.random.choice(self._members)
        words, why = text("Friend of rhubarb"), text("She asked first.")
        given = recognition.AwardGranted(award=award, turn=1, member=member, kind="title", by=HOST, words=words, reason=why)
        self._titles.append(given)
        self.put(0, self._titles[-1])

    def _praise(self) -> None:
        by, to = self._members[0], self.random.choice(self._members)
        if self._kudos and self.chance(0.1):
            given = self.random.choice(self._kudos)
            self.put(0, recognition.KudosTakenBack(kudos=given.kudos, by=given.by))
        elif self.chance(0.2):
            self.put(0, recognition.FanThanked(thanks=self._fresh("thanks"), by=HOST, members=(to,)))
        else:
            self._kudos.append(recognition.KudosGiven(kudos=self._fresh("kudos"), by=by, to=to, words=text("Well done.")))
            self.happened["kudos over the limit"] += sum(each.by == by for each in self._kudos) > recognition.MOST_KUDOS
            self.put(0, self._kudos[-1])

    def _stand_aside(self) -> None:
        member, turn = self.random.choice(self._members), self.random.randint(1, 6)
        left = recognition.StandingsLeft if turn % 2 else recognition.StandingsJoined
        self.put(0, left(member=member, turn=turn))
