"""What is written about Fanfare is complete, and leads where it says."""

import re
import tomllib
from typing import Any

import pytest

from fanfare.platform.settings import Settings
from fanfare.record import catalogue
from tests.house import tree
from tests.run import PARTS, SUITES

DECISIONS = tree.ROOT / "docs" / "decisions"
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED_PATH = re.compile(r"`((?:\.ci|docs|events|projections|requirements|services|tests)/[^`<>*…\s]*)`")
TARGET = re.compile(r"^([a-z-]+):(.*)$", re.MULTILINE)

SPOKEN = (
    {"fan", "host", "auditor", "member", "campaign", "round", "idea", "ballot", "terms", "tally", "sealing", "blind", "ruling"}
    | {"award", "promise", "record", "entry", "event", "moment", "position", "notary", "checkpoint", "receipt"}
    | {"decider", "projection", "processor", "refusal", "vault", "simulation"}
)
"""What every page may say without explaining it, so the glossary does."""

LEAKS = {
    "a folder of somebody's machine": re.compile(r"(?:^|[^a-zA-Z0-9_.])/(?:work|farm|root|Users|home/[a-z]+)/"),
    "a neighbour of the clone": re.compile(r"\.\./shared"),
    "a registry's host": re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|crates|debian|golang|maven|githubusercontent)\.(?:org|io|com)\b"
    ),
}
"""What has no business in a file that others clone."""
BESIDE = "../" + "shared/stand-ins/build"
"""What .ci/run alone may look for beside the clone: images for a machine that reaches no registry."""


def words(name: str) -> str:
    """Return the text of a document, named from the top."""
    return (tree.ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads(words("pyproject.toml"))


def anchors(markdown: str) -> set[str]:
    """Return what a link into this document may name after its #: its headings, as forges spell them."""
    headings = re.findall(r"^#+ +(.+?) *$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(markdown: str, at: str) -> list[str]:
    """Return the links of a document, named from the top, that lead to no file or to no heading of it."""
    folder = (tree.ROOT / at).parent
    broken = []
    for link in LINK.findall(markdown):
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else tree.ROOT / at
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


def leaks(text: str) -> list[str]:
    """Return what this text gives away."""
    return [what for what, pattern in LEAKS.items() if pattern.search(text)]


def test_every_setting_is_described_for_operators() -> None:
    settings = {f"FANFARE_{name.upper()}" for name in Settings.model_fields}

    assert set(re.findall(r"FANFARE_[A-Z_]+", words("docs/guides/operators.md"))) == settings


def test_every_decision_record_has_its_number_and_is_listed_with_its_title() -> None:
    records = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    titles = [path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for path in records]
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", words("docs/decisions/README.md"), re.MULTILINE)

    assert [path.name[:5] for path in records] == [f"{number:04}-" for number in range(1, len(records) + 1)]
    assert listed == [(title, path.name) for title, path in zip(titles, records, strict=True)]


def test_every_part_stands_in_the_table_of_parts() -> None:
    table = words("CONTRIBUTING.md").partition("## Parts")[2]

    assert [part.name for part in PARTS if f"| {part.name} |" not in table] == []


def test_every_marker_of_a_test_is_the_name_of_a_part_but_the_one_that_orders() -> None:
    markers = {marker.partition(":")[0] for marker in project()["tool"]["pytest"]["ini_options"]["markers"]}

    assert markers <= {part.name for part in PARTS} | {"long"}


def test_every_folder_of_tests_belongs_to_a_suite() -> None:
    folders = {tree.named(path.parent).split("/", 2)[1] for path in tree.files("tests", suffix="test_*.py")}

    assert folders <= {path.removeprefix("tests/") for suite in SUITES for path in suite.paths}


def test_every_link_of_a_document_leads_somewhere() -> None:
    broken = {tree.named(path): broken_links(path.read_text(encoding="utf-8"), tree.named(path)) for path in tree.pages()}

    assert {name: links for name, links in broken.items() if links} == {}


def test_every_path_that_a_document_names_is_there() -> None:
    named = {(tree.named(page), path) for page in tree.pages() for path in NAMED_PATH.findall(page.read_text(encoding="utf-8"))}

    assert sorted((page, path) for page, path in named if not (tree.ROOT / path).exists()) == []


def test_every_target_of_make_explains_itself_and_every_one_that_is_named_exists() -> None:
    targets = dict(TARGET.findall(words("Makefile")))
    spoken = {name for page in tree.pages() for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}

    assert [name for name, rest in targets.items() if " ## " not in rest] == []
    assert spoken <= set(targets)


def test_the_glossary_tells_every_word_of_the_house() -> None:
    told = set(re.findall(r"^\*\*(.+?)\*\*:", words("docs/glossary.md"), re.MULTILINE))

    assert sorted(SPOKEN - told) == []


def test_the_event_catalogue_is_the_one_that_the_code_makes() -> None:
    assert words("docs/event-catalogue.md") == catalogue.document(), "run: make docs"


def test_the_changelog_tells_of_the_present_version() -> None:
    assert f"## {project()['project']['version']}" in words("CHANGELOG.md")


def test_every_top_level_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        inside = [(tree.ROOT / page).parent / link.partition("#")[0] for link in LINK.findall(words(page)) if ":" not in link]
        found = {tree.named(path.resolve()) for path in inside if path.suffix == ".md" and path.exists()}
        waiting += sorted(found - reached - set(waiting))

    assert [tree.named(page) for page in tree.pages() if tree.named(page) not in reached] == []


def test_no_file_gives_away_the_machine_it_was_written_on() -> None:
    told = {tree.named(path): path.read_text(encoding="utf-8") for path in tree.texts()}
    told[".ci/run"] = told[".ci/run"].replace(BESIDE, "")

    found = {name: leaks(text) for name, text in told.items()}

    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize("text", ["see /" + "work/main", "(/" + "root/.cache)", "from pypi." + "org", "../" + "shared/DESIGN.md"])
def test_a_leak_is_seen(text: str) -> None:
    assert leaks(text)


@pytest.mark.parametrize("text", ["docs/work/plan.md", "the root / of a tree", "a /workshop/ page", "debian packages"])
def test_what_only_looks_like_a_leak_is_left_alone(text: str) -> None:
    assert not leaks(text)


@pytest.mark.parametrize("link", ["nowhere.md", "README.md#no-such-heading", "#no-such-heading"])
def test_a_broken_link_is_seen(link: str) -> None:
    assert broken_links(f"[there]({link})", at="CONTRIBUTING.md") == [link]
