"""The oracle: a program in Go that asks the Go team's and transparency-dev's own implementations, built once a run."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "oracle"
BUILD_S = 300
ANSWER_S = 60


@dataclass(frozen=True)
class Oracle:
    """A built oracle; main.go says what it can be asked."""

    program: Path

    def ask(self, *words: str | Path, given: bytes = b"") -> bytes:
        """
        Return its answer.

        Raises:
            ValueError: it does not accept what it was given; in its own words.
        """
        answer = subprocess.run([self.program, *words], input=given, capture_output=True, check=False, timeout=ANSWER_S)
        if answer.returncode:
            raise ValueError(answer.stderr.decode().strip())
        return answer.stdout


def build(folder: Path) -> Oracle:
    """Build the program into this folder. Its modules are pinned by go.sum; the first build on a machine fetches them."""
    program = folder / "oracle"
    command: list[str | Path] = ["go", "build", "-mod=readonly", "-buildvcs=false", "-o", program, "."]
    built = subprocess.run(
        command, cwd=SOURCE, capture_output=True, check=False, timeout=BUILD_S, env={**os.environ, "GOFLAGS": ""}
    )
    assert built.returncode == 0, f"The oracle was not built; its modules come from the Go module proxy.\n{built.stderr.decode()}"
    return Oracle(program)
