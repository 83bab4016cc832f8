"""The page of an audit: the verdict, each claim with what it means, and nothing that is loaded or taken for markup."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fanfare.audit.audit_commands import Answering, Brought, command_of, run_audit
from fanfare.audit.claims import Claim, Outcome, claim
from fanfare.audit.explained import EXPLAINED, grouped
from fanfare.audit.page import Told, as_page
from tests.unit.audit.archives import with_choice
from tests.unit.audit.signed_archives import audited, notarised

NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)
TOLD = Told(source="https://fanfare.pomfret.example", command="fanfare audit https://fanfare.pomfret.example", at=NOW)
GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "auditors.md"


def test_every_claim_of_an_audit_is_explained_and_stands_in_the_guide(tmp_path: Path) -> None:
    claims = audited(notarised().archive(tmp_path / "archive.tar")).claims

    assert sorted(each.name for under in grouped(claims).values() for each, _ in under) == sorted(each.name for each in claims)
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {word.split()[0] for line in rows for word in line.split("`")[1::2]}
    assert {kind for kinds in EXPLAINED.values() for kind in kinds} - told == {"draw"}  # a section of its own tells of that


@pytest.mark.parametrize(
    ("outcome", "headline"),
    [
        (Outcome((claim("keys", "two", []),)), "Everything that was claimed holds"),
        (Outcome((claim("keys", "two", ["0:4:0: no"]),)), "Something does not hold"),
        (Outcome(unchecked="it is away"), "This could not be checked"),
    ],
)
def test_the_verdict_comes_first(outcome: Outcome, headline: str) -> None:
    page = as_page(outcome, TOLD).decode()

    assert f"<h1>{headline}</h1>" in page
    assert TOLD.command in page


def test_what_a_record_says_is_never_markup() -> None:
    page = as_page(Outcome((Claim("keys", passed=False, differences=("<script>alert(1)</script>",)),)), TOLD).decode()

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_report_is_written_beside_the_answer_with_the_command_that_repeats_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site, page = notarised(), tmp_path / "report.html"
    path = site.archive(tmp_path / "altered.fanfare", with_choice(site.record.written, "fan1", "idea2"))
    brought = Brought(key=site.own, since=(path,))
    answering = Answering(NOW, html=page, command=command_of(str(path), "", brought))

    assert run_audit(str(path), brought, answering) == 1

    written = page.read_text(encoding="utf-8")
    assert "report rounds/final" in written
    assert "$.ranking[0].votes: published 6, recomputed 5" in written
    assert "SHA-256 of the archive" in written
    assert "--since" in written
    assert "tree " in capfd.readouterr().out


@pytest.mark.parametrize(
    ("source", "brought", "said"),
    [
        ("site.example", Brought(), "there is no such file; the address of a site begins with https://"),
        ("site.example", Brought(key="nonsense"), "'nonsense' is no key"),
        ("site.example", Brought(since=(Path("gone.txt"),)), "gone.txt: No such file or directory"),
    ],
)
def test_what_cannot_be_checked_says_what_to_do(
    capfd: pytest.CaptureFixture[str], source: str, brought: Brought, said: str
) -> None:
    assert run_audit(source, brought, Answering(NOW)) == 2
    assert said in capfd.readouterr().out
