"""The file of a receipt: it runs what it says it runs, reaches nothing, and says what it says in the language of its reader."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import msgspec
import pytest

from fanfare.platform import language
from fanfare.web.contexts.ballots import SavedPage
from fanfare.web.layout import STATIC, render
from fanfare.web.saved import saved_page
from tests import pseudo
from tests import receipt_vectors as vectors
from tests.journeys.page_samples import FAN
from tests.journeys.receipt_samples import CHECK, SIGNED

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def made(**changed: Any) -> SavedPage:  # noqa: ANN401 - parts of JSON
    """Return the file of a receipt, of which something may be changed."""
    return saved_page(SIGNED, CHECK, {**vectors.made().answer(), **changed}, "https://fanfare.example", NOW)


@pytest.fixture(scope="module")
def html() -> str:
    """Return the file as it is written."""
    return render(FAN, made())


@pytest.mark.parametrize("kind", ["script", "style"])
def test_its_policy_names_the_very_bytes_of_its_one_script_and_its_one_style(html: str, kind: str) -> None:
    inline = [found[2] for found in re.finditer(rf"<{kind}([^>]*)>(.*?)</{kind}>", html, re.DOTALL) if "json" not in found[1]]

    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline]

    assert re.findall(rf"{kind}-src ([^;]*);", unescape(html)) == [f"'sha256-{hashes[0]}'"]
    assert len(hashes) == 1


def test_it_asks_nobody_for_anything(html: str) -> None:
    assert re.findall(r'(?:src|href|action)="([^"#]+)', html) == []
    assert "default-src &#39;none&#39;" in html
    assert not re.search(r"^import |import\(|@import|url\(", html, re.MULTILINE)


def test_its_script_is_that_of_the_page_without_what_joins_the_two_parts(html: str) -> None:
    proof, check = ((STATIC / "js" / name).read_text(encoding="utf-8") for name in ("proof.js", "check.js"))

    assert proof in html
    assert check.replace('import { checked } from "./proof.js";\n', "") in html
    assert "</script" not in proof + check


def test_it_holds_the_receipt_the_entry_the_promise_and_the_keys_and_nothing_in_them_can_end_its_element() -> None:
    evil = render(FAN, made(state="</script><script>alert(1)</script>"))

    block = re.findall(r'<script type="application/json" id="saved">(.*?)</script>', evil, re.DOTALL)[0]

    saved = json.loads(block)
    whole = vectors.made()
    assert saved["receipt"]["state"] == "</script><script>alert(1)</script>"
    assert (saved["receipt"]["proof"], base64.b64decode(saved["receipt"]["leaf"])) == (whole.proof.decode(), whole.entry)
    assert (saved["receipt"]["promise"], saved["receipt"]["voter"]) == (whole.promise.decode(), "a" * 32)
    assert saved["trusted"]["keys"] == [str(each) for each in vectors.POLICY.logs]
    assert len(re.findall("<script", evil)) == 2


def test_it_says_nothing_in_plain_english_where_another_language_is_spoken() -> None:
    page = made()
    with pseudo.spoken(), language.speaking(pseudo.TAG):
        html = render(FAN, page)

    assert pseudo.strays(html, pseudo.Content([*pseudo.strings(FAN), *pseudo.strings(SIGNED), *pseudo.strings(page)])) == []


def test_a_receipt_that_is_not_signed_yet_is_kept_with_its_promise() -> None:
    saved = str(made(proof=None, signed_by=vectors.UNTIL).saved)

    assert '"proof": null' in saved
    assert msgspec.json.decode(saved.partition(">")[2].rpartition("<")[0])["receipt"]["promise"].startswith(
        "fanfare promise v1\n"
    )
