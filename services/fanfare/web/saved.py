"""A receipt as one file for its voter to keep: it checks itself in any browser, from a folder, without a network."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache

import msgspec
from markupsafe import Markup

from fanfare.web.contexts.ballots import Check, ReceiptPage, SavedPage
from fanfare.web.layout import HERE, STATIC

DRAWINGS = ("check", "alert", "clock")
_IMPORT = re.compile(r'^import \{ checked \} from "\./proof\.js";\n', re.MULTILINE)
_SYMBOL = re.compile(r'<symbol id="(?:' + "|".join(DRAWINGS) + r')".*?</symbol>', re.DOTALL)


def saved_page(page: ReceiptPage, check: Check, receipt: Mapping[str, object], taken_from: str, now: datetime) -> SavedPage:
    """
    Return the file of a receipt.

    Args:
        check: what is trusted; it is pinned by being written into the file.
        receipt: what the API answers, with proof, entry and promise.
        taken_from: the address of the site.
    """
    trusted = msgspec.json.decode(check.trusted)
    saved = msgspec.json.format(msgspec.json.encode({"receipt": {**receipt, **trusted["mine"]}, "trusted": trusted}), indent=1)
    return SavedPage(
        policy=policy(),
        style=Markup("<style>{}</style>").format(Markup(_style())),  # noqa: S704 - a file of ours
        script=Markup('<script type="module">{}</script>').format(Markup(_script())),  # noqa: S704 - files of ours
        saved=Markup('<script type="application/json" id="saved">\n{}\n</script>').format(_harmless(saved.decode())),
        drawings=Markup("").join(Markup(each) for each in _SYMBOL.findall(_read("sprite.svg"))),  # noqa: S704 - a file of ours
        receipt=page,
        saved_at=now,
        taken_from=taken_from,
    )


@cache
def policy() -> str:
    """Return what the file may do: run its one script, use its one style, and reach nothing."""
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in (_script(), _style())]
    return (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


@cache
def _script() -> str:
    """Return both scripts of the site's own page as one, which imports nothing."""
    return "\n" + _read("js/proof.js") + "\n" + _IMPORT.sub("", _read("js/check.js"))


@cache
def _style() -> str:
    return "\n" + (HERE / "templates" / "saved_receipt.css").read_text(encoding="utf-8")


def _read(path: str) -> str:
    return (STATIC / path).read_text(encoding="utf-8")


def _harmless(json: str) -> Markup:
    """Return JSON that cannot end the element it stands in."""
    return Markup(json.replace("<", "\\u003c"))  # noqa: S704 - nothing in it can be taken for a tag now
