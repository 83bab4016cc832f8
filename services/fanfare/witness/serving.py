"""
What a witness serves: `POST /add-checkpoint` for logs, and for everybody else a page and a list of what she saw.

Source: C2SP tlog-witness (c2sp.org/tlog-witness).
"""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.growth import Submission
from fanfare.ledger.writing import to_base64
from fanfare.witness.cosigning import Conflict, Cosigner, Stopped, UnknownLog
from fanfare.witness.following import Follower

MOST_BYTES = 64 * 1024
"""Of a submission: 63 hashes and a checkpoint with many signatures have less."""
SIZE_TYPE = "text/x.tlog.size"
_TOLD = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
_STYLED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"}
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Told:
    """What the page and the list tell of one log."""

    origin: str
    size: int | None
    """How many entries the checkpoint covers that was cosigned last; none before the first."""
    root: str
    cosigned_at: str
    """By the witness's clock, RFC 3339."""
    note: str
    """The checkpoint, with the log's signatures and the witness's."""
    alarm: str
    trouble: str
    """What is in the way of a cosignature now; empty while all is well."""
    trouble_since: str


class Serving:
    """Answers requests for one witness."""

    def __init__(self, url: str, cosigner: Cosigner, follower: Follower) -> None:
        """Tell that the site at *url* is followed."""
        self._url, self._cosigner, self._follower = url, cosigner, follower
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/checkpoints", self._list),
                Route("/add-checkpoint", self._add, methods=["POST"]),
            ]
        )

    def told(self) -> list[Told]:
        """Return what was seen of each log."""
        return [self._told(origin) for origin in self._cosigner.pinned.origins()]

    def _told(self, origin: str) -> Told:
        seen = self._cosigner.seen(origin)
        kept, (since, trouble) = seen.kept, self._follower.troubles.get(origin, (None, ""))
        if kept is None:
            return Told(origin, None, "", "", "", seen.alarm, trouble, _time(since))
        at = datetime.fromtimestamp(kept.at_s, UTC)
        checkpoint, note = kept.checkpoint, bytes(kept.note).decode()
        return Told(origin, checkpoint.size, to_base64(checkpoint.root), _time(at), note, seen.alarm, trouble, _time(since))

    def _all(self) -> dict[str, object]:
        since, trouble = self._follower.troubles.get("", (None, ""))
        pinned, signer = self._cosigner.pinned, self._cosigner.signer
        return {
            "witness": signer.name,
            "key": str(signer.verifier),
            "site": self._url,
            "record": pinned.record_name,
            "record_key": pinned.key,
            "looked_at": _time(self._follower.looked_at),
            "trouble": trouble,
            "trouble_since": _time(since),
        }

    async def _page(self, request: Request) -> Response:
        del request
        logs = await asyncio.to_thread(self.told)
        page = _TEMPLATES.get_template("page.html").render(**self._all(), logs=logs, alarms=[each for each in logs if each.alarm])
        return HTMLResponse(page, headers=_TOLD | _STYLED)

    async def _list(self, request: Request) -> Response:
        del request
        logs = await asyncio.to_thread(self.told)
        body = json.dumps(self._all() | {"checkpoints": [asdict(each) for each in logs]}, ensure_ascii=False, indent=1)
        return Response(body + "\n", media_type="application/json", headers=_TOLD)

    async def _add(self, request: Request) -> Response:
        """Take a submission; each status is the one that tlog-witness names."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return _plain(413, f"A submission has at most {MOST_BYTES} bytes.")
        try:
            signature = await asyncio.to_thread(self._cosigner.add, Submission.parse(body))
        except Malformed as error:
            return _plain(400, str(error))
        except UnknownLog as error:
            return _plain(404, str(error))
        except NotSigned as error:
            return _plain(403, str(error))
        except Conflict as conflict:
            return Response(f"{conflict.size}\n", 409, _TOLD | {"Content-Type": SIZE_TYPE})
        except NotProven as error:
            return _plain(422, str(error))
        except Stopped as stopped:
            return _plain(503, str(stopped))
        return PlainTextResponse(str(signature), headers=_TOLD)


def _plain(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status, _TOLD)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""
