"""Filling the tables with a campaign's ideas: as the projection would, but written straight to where they lie."""

import hashlib
import json
import random
from collections.abc import Iterator
from importlib.resources import files

import psycopg

from fanfare.simulation import corpus

BODY_WORDS, TAGS, PLACES = 45, 200, 1 << 16


def fill(conninfo: str, campaign: str, round_id: str, author: str, count: int) -> None:
    """Write *count* ideas with titles, texts and tags in made-up words, with supporters, and 5,000 names for the first."""
    drawn = random.Random(7)
    words = _words(drawn)
    tags = [f"{words[n]} {words[n + 1]}" if n % 5 == 0 else words[n * 3] for n in range(TAGS)]
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        rows = list(_ideas(drawn, words, tags, count))
        cursor.execute("drop index record.texts_short, record.texts_long")  # one at a time they fill ten times slower
        with cursor.copy("copy record.texts (hash, salt, text, member) from stdin") as copy:
            for idea, title, body, tagged, _ in rows:
                for kind, text in (("title", title), ("body", body), ("tags", tagged)):
                    copy.write_row((_hash(kind, idea), b"salt", text, author))
        with cursor.copy("copy ideas.versions (idea, version, title, body, tags, written_at) from stdin") as copy:
            for idea, *_ in rows:
                copy.write_row((idea, 1, _hash("title", idea), _hash("body", idea), _hash("tags", idea), "2026-11-11"))
        columns = "idea, campaign, round, author, place, raised_at, supporters, rise"
        with cursor.copy(f"copy ideas.ideas ({columns}) from stdin") as copy:
            for n, (idea, _, _, _, supporters) in enumerate(rows):
                rise = supporters * 2 ** drawn.randrange(90, 107)
                copy.write_row((idea, campaign, round_id, author, n * PLACES, "2026-11-11", supporters, rise))
        cursor.execute("insert into ideas.tallies values (%s, %s)", (campaign, count))
        cursor.execute(
            """insert into ideas.support select %s, 'm' || n, 1, true, 106 - n %% 9 from generate_series(1, 5000) as n""",
            (rows[0][0],),
        )
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in _indexes():
            connection.execute(statement.encode())
        for table in ("record.texts", "ideas.ideas", "ideas.versions", "ideas.support"):
            connection.execute(f"vacuum (analyze) {table}".encode())


def _indexes() -> list[str]:
    """Return the statements of the migration that make the indexes of texts."""
    written = (files("fanfare.platform.migrations") / "0016_search.sql").read_text(encoding="utf-8")
    return [each for each in written.split(";") if "index" in each and "texts_" in each]


def _words(drawn: random.Random) -> list[str]:
    """Return some thousand words: those of the simulation's ideas, and made-up ones that sound like words."""
    real = {word for idea in corpus.ideas() for word in f"{idea.title} {idea.body}".lower().split() if word.isalpha()}
    heads, tails = (*"bcdfghjklmnprstvwz", "qu", "br", "cr", "dr", "fl", "pl", "st", "th"), (*"aeiou", "ai", "ea", "ou", "ie")
    syllable = [head + tail + end for head in heads for tail in tails for end in ("", "n", "l", "r", "s", "t", "m", "ck")]
    made = {"".join(drawn.choices(syllable, k=drawn.randint(2, 3))) for _ in range(8000)}
    return drawn.sample(sorted(real | made), len(real | made))


def _ideas(drawn: random.Random, words: list[str], tags: list[str], count: int) -> Iterator[tuple[str, str, str, str, int]]:
    weights = [1 / (n + 1) for n in range(len(words))]
    tag_weights = [1 / (n + 1) for n in range(len(tags))]
    for n in range(count):
        title = " ".join(drawn.choices(words, k=drawn.randint(2, 4))).title()
        body = " ".join(drawn.choices(words, weights, k=BODY_WORDS))
        tagged = ", ".join(dict.fromkeys(drawn.choices(tags, tag_weights, k=drawn.randint(1, 3))))
        yield _hash("idea", str(n))[:16], title, body, tagged, int(drawn.paretovariate(0.8)) % 20_000


def _hash(kind: str, of: str) -> str:
    return hashlib.sha256(json.dumps([kind, of]).encode()).hexdigest()
