"""What the command line calls of draws."""

from pathlib import Path

from fanfare.audit.checks.draws import verify_draw
from fanfare.audit.claims import Outcome
from fanfare.audit.commands import answer_with, fault_of_ours, progress_bar


def run_draw_verify(path: Path, draw: str, *, json: bool = False) -> int:
    """Draw again what *draw* drew, from the archive at *path* alone; print each step and return the exit code."""
    try:
        with progress_bar() as progress:
            outcome = verify_draw(path, draw, progress)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not read as a claim that fails (exit code 1)
        outcome = Outcome(unchecked=fault_of_ours(error))
    return answer_with(outcome, json=json)
