"""Pages: how they say things, and that every one of them holds to its policy."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import msgspec
import pytest

from fanfare.web import layout, seal, words
from fanfare.web.contexts import campaigns
from tests.journeys import page_samples, receipt_samples, sample_ground
from tests.journeys.page_samples import SAMPLES

NOON = datetime(2026, 11, 14, 11, 0, tzinfo=UTC)
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta"}
FIELDS = {"input", "select", "textarea"}


class Read(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.strays: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.strays.append(tag)

    def having(self, name: str) -> list[str]:
        """Return the values of an attribute, in order."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture(params=SAMPLES)
def page(request: pytest.FixtureRequest) -> Read:
    """Return each page in turn, read."""
    return Read(layout.render(*SAMPLES[request.param]))


def test_a_page_is_well_formed_and_has_one_h1(page: Read) -> None:
    assert (page.strays, page.open) == ([], [])
    assert Counter(tag for tag, _ in page.tags)["h1"] == 1
    assert Counter(tag for tag, _ in page.tags)["main"] == 1


def test_a_page_has_nothing_inline_that_its_policy_forbids(page: Read) -> None:
    assert page.having("style") == []
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert all(attributes.get("src", "").startswith("/static/") for tag, attributes in page.tags if tag == "script")
    assert "style" not in {tag for tag, _ in page.tags}


def test_ids_are_unique_and_what_refers_to_them_finds_them(page: Read) -> None:
    ids = page.having("id")
    labels = [attributes["for"] for tag, attributes in page.tags if tag == "label" and "for" in attributes]
    described = [name for value in page.having("aria-describedby") + page.having("aria-labelledby") for name in value.split()]

    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert set(labels + described) <= set(ids)


def test_every_field_that_is_seen_has_a_label(page: Read) -> None:
    labels = {attributes["for"] for tag, attributes in page.tags if tag == "label" and "for" in attributes}
    seen = [a for tag, a in page.tags if tag in FIELDS and a.get("type") not in {"hidden", "radio", "checkbox"}]

    assert [field["name"] for field in seen if field.get("id") not in labels] == []


def test_every_form_that_changes_something_carries_the_token_against_forgery(page: Read) -> None:
    posts = [attributes for tag, attributes in page.tags if tag == "form" and attributes.get("method") == "post"]
    tokens = [attributes for tag, attributes in page.tags if tag == "input" and attributes.get("name") == "csrf"]

    assert len(posts) == len(tokens)


def test_what_a_fan_writes_is_never_markup() -> None:
    evil = '<script>alert("x")</script>'
    idea = msgspec.structs.replace(
        page_samples.IDEA, title=evil, text=f"{evil} [link](javascript:alert(1)) ![picture](http://x/y.png)"
    )

    html = layout.render(page_samples.FAN, idea)

    assert "<script>alert" not in html
    assert "javascript:" not in re.sub(r"\[link\]\(javascript:alert\(1\)\)", "", html)
    assert "<img" not in html


def test_a_heading_in_a_fans_text_stays_below_those_of_the_page() -> None:
    assert layout.markdown("# Great\n\n## Less") == "<h3>Great</h3>\n<h4>Less</h4>\n"


def test_a_static_file_is_named_with_the_hash_of_its_bytes() -> None:
    assert re.fullmatch(r"/static/css/base\.css\?v=[0-9a-f]{12}", layout.static_url("css/base.css"))
    with pytest.raises(layout.StaticFileUnknown):
        layout.static_url("css/none.css")


def test_the_live_board_is_a_fragment_that_holds_its_rows_in_order() -> None:
    html = layout.render_partial("board", page_samples.FAN, board=page_samples.BOARD)

    assert re.findall(r'data-option="(\w+)"', html) == [row.id for row in page_samples.ROWS]
    assert "<main" not in html


@pytest.mark.parametrize(
    ("counts", "news"),
    [
        ((0, 0, 0), "Nobody has voted yet"),
        ((6104, 5937, 4480), "A is ahead by 167"),
        ((9, 9, 4), "A and B are level"),
        ((9, 9, 9), "A, B and C are level"),
        ((2, 2, 2, 2), "Four are level"),
        ((3,), "A is ahead by 3"),
    ],
)
def test_the_headline_is_the_news(counts: tuple[int, ...], news: str) -> None:
    rows = tuple(campaigns.BoardRow(str(at), "ABCD"[at], at + 1, count) for at, count in enumerate(counts))

    assert campaigns.Board(sample_ground.FIRST, rows, sum(counts), NOON).headline == news


def test_the_report_says_who_goes_on_only_when_that_is_certain() -> None:
    assert page_samples.REPORT.headline == "Sour Cherry Cola, Pine & Lime and Rhubarb Gate go on"
    assert page_samples.LIVE_REPORT.headline == "Sour Cherry Cola is ahead by 167"


def test_only_what_is_sealed_bears_a_seal() -> None:
    assert 'class="seal"' in layout.render(page_samples.FAN, page_samples.REPORT)
    assert 'class="seal"' not in layout.render(page_samples.FAN, page_samples.LIVE_REPORT)


def test_a_receipt_does_not_print_the_choice() -> None:
    html = layout.render(page_samples.FAN, receipt_samples.RECEIPT)

    assert [name for name, *_ in page_samples.FLAVOURS if name in html] == []


def test_every_page_of_a_simulation_says_so() -> None:
    for around, content in SAMPLES.values():
        html = layout.render(msgspec.structs.replace(around, simulation=page_samples.PLAYED.simulation), content)
        assert "A simulation: its fans are programs, not people." in html


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (38, "0:38"), (599, "9:59"), (840, "14 min"), (7300, "2 hours"), (273600, "3 days")],
)
def test_a_clock_says_what_is_left(seconds: int, said: str) -> None:
    assert words.left(NOON + timedelta(seconds=seconds), NOON) == said


def test_times_are_said_in_the_zone_of_the_reader() -> None:
    assert words.when(NOON, "Europe/Berlin", NOON) == "today, 12:00"
    assert words.when(NOON, "Asia/Tokyo", NOON - timedelta(days=9)) == "Saturday 14 November, 20:00"
    assert words.day(NOON, "UTC", NOON - timedelta(days=400)) == "14 November 2026"
    assert words.soon(NOON, "UTC", NOON) == "11:00"


def test_numbers_are_said_as_people_write_them() -> None:
    assert (words.number(38112), words.number(-1204)) == ("38,112", "−1,204")
    assert (words.duration(timedelta(seconds=1)), words.duration(timedelta(minutes=2))) == ("1 second", "2 minutes")
    assert (words.percent(6104, 25640), words.percent(1, 0)) == ("23.8%", "–")
    assert (words.words(3), words.words(13)) == ("three", "13")
    assert words.share(12, 10) == "100.0%"
    assert words.ago(NOON, NOON) == "just now"
    assert words.ago(NOON, NOON + timedelta(hours=3)) == "3 hours ago"


def test_a_fingerprint_is_shortened_for_the_eye() -> None:
    assert words.short_hash("9f2c41d0" + "0" * 52 + "e2d9") == "9f2c 41d0 … e2d9"
    assert [words.letter(at) for at in (0, 25, 26)] == ["A", "Z", "A2"]


def test_two_fingerprints_draw_two_seals() -> None:
    assert seal.paths(sample_ground.HASH) == seal.paths(sample_ground.HASH)
    assert seal.paths(sample_ground.HASH) != seal.paths(sample_ground.HASH[::-1])


def test_plain_words_keep_no_marks_and_stay_inert() -> None:
    assert layout.plain("**Tart**, *a little* `almond`\n\n- <b>cold</b> & sour") == "Tart, a little almond <b>cold</b> & sour"
