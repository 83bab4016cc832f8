"""Libraries that only one runtime needs: whoever does without Kafka never loads them, and they do not flood the log."""

import logging as stdlib
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from fanfare.platform.logging import Clients


def test_a_site_on_one_machine_loads_neither_faust_nor_a_client_of_kafka() -> None:
    program = "import sys, fanfare.processes; print(sorted({'faust', 'mode', 'aiokafka', 'kafka'} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout == "[]\n"


@pytest.mark.parametrize("times", [1, 50])
def test_what_a_library_says_again_and_again_is_one_line(times: int) -> None:
    clients = Clients()

    with capture_logs() as lines:
        for broker in range(times):
            record = stdlib.LogRecord("aiokafka", stdlib.ERROR, "", 0, "Failed fetch messages from %s", (broker,), None)
            clients.handle(record)

    assert [(line["log_level"], line["said"]) for line in lines] == [("warning", "Failed fetch messages from 0")]
