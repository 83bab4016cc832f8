"""The table at the end of the suite."""

import pytest

from tests.tampering.ground import SEED
from tests.tampering.tally import TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was changed and by what it was found, with the seed that does it again."""
    if TALLY.rows or TALLY.clean:
        terminalreporter.write_sep("-", f"tampering, FANFARE_SEED={SEED}")
        for line in TALLY.lines():
            terminalreporter.write_line(line)
