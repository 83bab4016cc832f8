"""The files of the house, as its tests read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NAMESPACE = ("events/fanfare", "projections/fanfare", "services/fanfare")
"""The three folders that together are the package `fanfare`."""

FOLDERS = (".ci", "docs", "events", "infra", "projections", "requirements", "services", "tests")
"""What belongs to the project, beside the files at the top."""

WORDS = (".css", ".html", ".in", ".js", ".json", ".md", ".py", ".sql", ".svg", ".toml", ".txt", ".xml", ".yml")


def named(path: Path) -> str:
    """Return the path as a message should show it."""
    return path.relative_to(ROOT).as_posix()


def files(*folders: str, suffix: str = "") -> list[Path]:
    """Return the files below these folders whose names end so, without what Python leaves behind."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob(f"*{suffix}")))
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def modules() -> list[Path]:
    """Return every Python file, tests included."""
    return files("events", "projections", "services", "tests", suffix=".py")


def own_modules() -> list[Path]:
    """Return the Python files of the package."""
    return files(*NAMESPACE, suffix=".py")


def templates() -> list[Path]:
    """Return what Jinja renders."""
    return [path for path in files(*NAMESPACE) if "templates" in path.parts]


def texts() -> list[Path]:
    """Return every file that a person can read, with those at the top."""
    below = [path for path in files(*FOLDERS) if path.suffix in WORDS or path.name == "run"]
    top = [path for path in sorted(ROOT.iterdir()) if path.is_file() and not path.name.startswith(".")]
    return [*below, *top]


def pages() -> list[Path]:
    """Return the documents that are written for people, in Markdown."""
    return [*sorted(ROOT.glob("*.md")), *files("docs", suffix=".md")]


def lines(path: Path) -> int:
    """Return how many lines the file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield each class and function of a module, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
