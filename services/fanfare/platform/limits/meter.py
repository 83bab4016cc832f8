"""A meter of one rule, in this process: who may go on now, and who has to wait how long."""

from collections import OrderedDict

from fanfare.platform.limits.rules import Rule

MOST_KEYS = 65_536
_ROUNDING_S = 1e-6


class Meter:
    """
    Lets each key through `most` times at once and then once every `per_s / most` seconds. Owned by one event loop.

    What is refused does not count, so that waiting always helps. It remembers the latest 65,536 keys: whoever wants to be
    forgotten has to bring as many others in between.

    Source: the generic cell rate algorithm, ITU-T I.371, as virtual scheduling.
    """

    def __init__(self, rule: Rule, most_keys: int = MOST_KEYS) -> None:
        """Measure by *rule*, which is not a hard one."""
        self.rule = rule
        self._apart_s = rule.per_s / rule.most
        self._slack_s = (rule.most - 1) * self._apart_s + _ROUNDING_S
        self._most_keys = most_keys
        self._due: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._due)

    def take(self, key: str, now: float) -> float:
        """Count one of *key* and return 0, or count nothing and return the seconds to wait; *now* is of a monotonic clock."""
        due = self._due.get(key, now)
        if due - now > self._slack_s:
            return due - now - self._slack_s
        self._due[key] = max(due, now) + self._apart_s
        self._due.move_to_end(key)
        if len(self._due) > self._most_keys:
            self._due.popitem(last=False)
        return 0.0
