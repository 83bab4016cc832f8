"""What hosts say of a reward, and what a fan says when she accepts one: checked as it comes in."""

from datetime import date

import msgspec

from fanfare.platform import texts
from fanfare.platform.language import gettext as _
from fanfare.record.rewards import Kind
from fanfare.rewards.countries import COUNTRIES
from fanfare.rewards.refusals import AnswerIncomplete, RewardRefused

WORDS, ADDRESS, NAME = 1000, 400, 120
"""The most characters of a reward's words, of the lines of an address, and of a name."""
MOST_COUNTRIES = 60


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A reward in words, before it is on the shelf."""

    kind: Kind
    title: str
    words: str
    stock: int
    answer_h: int = 0
    """Within how many hours an offer has to be accepted; 0: it waits for ever."""
    min_age: int = 0
    guardian_below: int = 0
    """Who is younger needs the consent of a guardian; 0: nobody does."""
    countries: tuple[str, ...] = ()
    """Codes; empty: anywhere."""
    sent: bool = False
    """It goes by post: a postal address is asked for."""
    campaign: str | None = None

    def checked(self) -> "Plan":
        """Return it as it would be kept. Raises: TextRefused, RewardRefused."""
        self.counted(self.stock)
        countries = tuple(sorted({each.strip().upper() for each in self.countries if each.strip()}))
        unknown = ", ".join(each for each in countries if each not in COUNTRIES)
        for wrong, sentence, field in (
            (not 0 <= self.answer_h <= 2160, _("Give from 0 to 2,160 hours to answer; 0 means for ever."), "answer_h"),
            (not 0 <= self.min_age <= 99, _("Give an age from 0 to 99."), "min_age"),
            (not 0 <= self.guardian_below <= 99, _("Give an age from 0 to 99."), "guardian_below"),
            (
                0 < self.guardian_below < self.min_age,
                _("Who needs a guardian’s consent is old enough for the reward. Set a higher age, or none."),
                "guardian_below",
            ),
            (bool(unknown), _("These are no countries’ codes: %(codes)s.", codes=unknown), "countries"),
            (len(countries) > MOST_COUNTRIES, _("Name at most 60 countries, or none for everywhere."), "countries"),
        ):
            if wrong:
                raise RewardRefused(sentence, field=field)
        return msgspec.structs.replace(
            self,
            title=texts.checked(self.title, "title", texts.TITLE),
            words=texts.checked(self.words, "words", WORDS, lines=True),
            countries=countries,
        )

    @staticmethod
    def counted(stock: int) -> int:
        """Return a stock that can be. Raises: RewardRefused."""
        if not 1 <= stock <= 10_000:
            raise RewardRefused(_("Say how many there are, from 1 to 10,000."), field="stock")
        return stock


class Address(msgspec.Struct, frozen=True):
    """Where the post goes; the country stands beside it."""

    name: str
    lines: str
    """Street, house, postcode and town, as they stand on a parcel."""


class Guardian(msgspec.Struct, frozen=True):
    """Who has to consent."""

    name: str
    email: str


class Answer(msgspec.Struct, frozen=True):
    """What a fan says when she accepts. Her date of birth is looked at and not kept."""

    birth: date | None = None
    country: str = ""
    address: Address | None = None
    guardian: Guardian | None = None

    def checked(self) -> "Answer":
        """Return it as it would be kept. Raises: TextRefused, AnswerIncomplete."""
        country = self.country.strip().upper()
        if country and country not in COUNTRIES:
            raise AnswerIncomplete(_("Choose a country of the list."), field="country")
        address = self.address and Address(
            texts.checked(self.address.name, "name", NAME), texts.checked(self.address.lines, "lines", ADDRESS, lines=True)
        )
        return msgspec.structs.replace(self, country=country, address=address)
