"""What a teller of histories tells of newcomers: by whom they were brought, and who welcomed them."""

from fanfare.record.bringing import MOST_WELCOMES, NewcomerBrought, NewcomerWelcomed
from tests.builders import text
from tests.draw_histories import DRAWN, Drawing

BROUGHT = (
    *DRAWN,
    "brought by herself",
    "brought twice",
    "welcomed by herself",
    "welcomed often",
)
"""What a run over many histories must have produced of it, and of what draws, rules and moderators do."""


class Bringing(Drawing):
    """The part of a teller that brings newcomers in and welcomes them."""

    _brought: list[str]

    def _moderate(self) -> None:
        """Moderate, recognise or draw, and now and then let somebody be brought in or welcomed."""
        super()._moderate()
        match self.random.random():
            case chance if chance < 0.3:
                self._bring()
            case chance if chance < 0.4:
                self._welcome()

    def _bring(self) -> None:
        newcomer, by = self.random.choice(self._members[-4:]), self.random.choice(self._members)
        self.happened["brought by herself"] += newcomer == by
        self.happened["brought twice"] += newcomer in self._brought
        self._brought.append(newcomer)
        self.put(0, NewcomerBrought(newcomer=newcomer, by=by, cause="told", offset=0))

    def _welcome(self) -> None:
        newcomer = self.random.choice(self._members[-2:])
        givers = self.random.sample(self._members, self.random.randint(1, min(6, len(self._members))))
        self.happened["welcomed by herself"] += newcomer in givers
        self.happened["welcomed often"] += len({*givers} - {newcomer}) > MOST_WELCOMES
        for by in givers:
            self.put(0, NewcomerWelcomed(newcomer=newcomer, by=by, words=text("Come in.")))
