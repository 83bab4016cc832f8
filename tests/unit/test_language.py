"""The language of the request: which it is, what it says, and what is wrong with a catalogue."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fanfare.platform import language, refusals, saying, texts
from fanfare.platform.limits.refusals import too_many
from fanfare.platform.limits.rules import IDEAS
from fanfare.web import layout, words
from tests.journeys import page_samples

NOON = datetime(2026, 11, 14, 11, 0, tzinfo=UTC)
GERMAN = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "just now"
msgstr "gerade eben"

msgid "%(weekday)s %(day)s"
msgstr "%(weekday)s, %(day)s"

msgid "%(place)s time"
msgstr "Ortszeit %(place)s"

msgid "three"
msgstr "drei"

msgid "%(count)s idea"
msgid_plural "%(count)s ideas"
msgstr[0] "%(count)s Idee"
msgstr[1] "%(count)s Ideen"

msgid "Sign in to %(brand)s"
msgstr "Bei %(marke)s anmelden"

msgid "There is no such thing here."
msgstr "So etwas gibt es hier nicht."

#, fuzzy
msgid "Sign in"
msgstr "Anmelden?"

msgid "Read <a href=\"%(url)s\">more</a>"
msgstr "<a href=\"%(url)s\">Mehr</a> lesen"
"""
POLISH = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\n"

msgid "%(count)s idea"
msgid_plural "%(count)s ideas"
msgstr[0] "%(count)s pomysł"
msgstr[1] "%(count)s pomysły"
msgstr[2] "%(count)s pomysłów"
"""


def catalogue(folder: Path, name: str, told: str) -> None:
    """Lay a catalogue where a site looks for it."""
    path = folder / name / language.CATALOGUE
    path.parent.mkdir(parents=True)
    path.write_text(told, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield where catalogues are looked for; afterwards the process speaks English alone again."""
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    yield tmp_path
    monkeypatch.undo()
    language.find()


@pytest.fixture
def languages(folder: Path) -> None:
    """Speak German and Polish."""
    catalogue(folder, "de", GERMAN)
    catalogue(folder, "pl", POLISH)
    assert language.find() == ("de", "pl")


def ideas(count: int) -> str:
    """Say a number of ideas."""
    return language.ngettext("%(count)s idea", "%(count)s ideas", count, count=saying.number(count))


@pytest.mark.usefixtures("languages")
def test_each_language_has_its_own_numbers_of_a_thing() -> None:
    assert [ideas(count) for count in (1, 1200)] == ["1 idea", "1,200 ideas"]
    with language.speaking("de"):
        assert [ideas(count) for count in (1, 1200)] == ["1 Idee", "1.200 Ideen"]
    with language.speaking("pl"):
        assert [ideas(count) for count in (1, 3, 5)] == ["1 pomysł", "3 pomysły", "5 pomysłów"]


@pytest.mark.usefixtures("languages")
def test_what_a_catalogue_lacks_doubts_or_fills_in_wrongly_is_said_in_english() -> None:
    with language.speaking("de"):
        assert language.gettext("Sign out") == "Sign out"
        assert language.gettext("Sign in") == "Sign in"
        assert language.gettext("Sign in to %(brand)s", brand="Pomfret Soda") == "Sign in to Pomfret Soda"


@pytest.mark.usefixtures("languages")
@pytest.mark.parametrize(
    ("accepts", "spoken"),
    [
        ("", "en"),
        ("*", "en"),
        ("de-AT, en;q=0.8", "de"),
        ("fr, pl;q=0.5, de;q=0.7", "de"),
        ("en-GB, de", "en"),
        ("de;q=0, pl;q=0.1", "pl"),
        ("de;q=0", "en"),
        ("fr", "en"),
        ("DE", "de"),
        ("pl;q=high, ;;, de", "de"),
        (",".join(["fr"] * 5000), "en"),
    ],
)
def test_a_reader_gets_the_language_that_she_prefers_of_those_that_there_are(accepts: str, spoken: str) -> None:
    assert language.wanted(accepts) == spoken


@pytest.mark.usefixtures("languages")
def test_numbers_times_and_lists_are_written_as_the_language_writes_them() -> None:
    with language.speaking("de"):
        assert (words.number(-38112), words.percent(6104, 25640), words.words(3)) == ("−38.112", "23,8\xa0%", "drei")
        assert words.listed(["A", "B", "C"]) == "A, B und C"
        assert words.day(NOON, "UTC", NOON) == "14. November"
        assert words.day(NOON, "UTC", NOON - timedelta(days=400), weekday=True) == "Samstag, 14. November 2026"
        assert (words.ago(NOON, NOON), words.ago(NOON, NOON + timedelta(hours=3))) == ("gerade eben", "vor 3 Stunden")
        assert words.left(NOON + timedelta(minutes=14), NOON) == "14 Min."
        assert words.zone_name("Europe/Warsaw") == "Ortszeit Warschau"


@pytest.mark.usefixtures("languages")
def test_a_refusal_speaks_the_language_of_whoever_is_refused() -> None:
    with language.speaking("de"):
        assert refusals.NotFound().title == "So etwas gibt es hier nicht."
    assert refusals.NotFound().title == "There is no such thing here."


@pytest.mark.usefixtures("languages")
def test_a_template_fills_in_values_escaped_and_keeps_the_marks_of_the_translation() -> None:
    template = layout.environment().from_string(
        '{% trans url="/<x>" %}Read <a href="{{ url }}">more</a>{% endtrans %}|'
        '{{ ngettext("%(count)s idea", "%(count)s ideas", 2, count=2) }}'
    )

    with language.speaking("de"):
        assert template.render() == '<a href="/&lt;x&gt;">Mehr</a> lesen|2 Ideen'
    assert template.render() == 'Read <a href="/&lt;x&gt;">more</a>|2 ideas'


@pytest.mark.usefixtures("languages")
def test_a_page_says_which_language_it_is_in() -> None:
    with language.speaking("de"):
        assert '<html lang="de" dir="ltr"' in layout.render(page_samples.FAN, page_samples.IDEA)
    assert '<html lang="en" dir="ltr"' in layout.render(page_samples.FAN, page_samples.IDEA)


def test_a_language_that_runs_from_right_to_left_says_so(folder: Path) -> None:
    catalogue(folder, "ar", POLISH)
    language.find()

    with language.speaking("ar"):
        assert language.direction() == "rtl"


def test_a_language_of_a_country_is_written_with_a_hyphen_and_wished_for_as_it_is(folder: Path) -> None:
    catalogue(folder, "pt_BR", GERMAN)

    assert language.find() == ("pt-BR",)
    assert language.wanted("pt-BR") == "pt-br"
    with language.speaking("pt-br"):
        assert language.tag() == "pt-BR"


def test_a_folder_that_is_named_after_no_language_is_told_what_it_should_be_named(folder: Path) -> None:
    catalogue(folder, "klingonese", GERMAN)

    with pytest.raises(language.CatalogueUnreadable, match="named after a language, such as de or pt_BR"):
        language.find()


def test_a_file_that_is_no_catalogue_is_named(folder: Path) -> None:
    catalogue(folder, "de", "This is a letter.\n")

    with pytest.raises(language.CatalogueUnreadable, match=r"de/LC_MESSAGES/fanfare\.po is no catalogue"):
        language.find()


@pytest.mark.parametrize(
    ("translation", "source", "fits"),
    [
        ("%(name)s wählt", "%(name)s votes", True),
        ("Gewählt", "%(name)s votes", True),
        ("%(Name)s wählt", "%(name)s votes", False),
        ("Zu 100% von %(name)s", "All by %(name)s", False),
        ("Zu 100%% von %(name)s", "All by %(name)s", True),
        ("%(name) wählt", "%(name)s votes", False),
        ("%s wählt", "%(name)s votes", False),
        ("Mehr als 50% von allen", "More than 50% of all", True),
    ],
)
def test_a_translation_must_be_filled_in_as_its_source_is(translation: str, source: str, *, fits: bool) -> None:
    assert language.fits(translation, source) is fits


def test_a_field_and_a_wait_are_said_in_words() -> None:
    with pytest.raises(refusals.TextRefused, match="The reason has 2,001 characters; 2,000 is the most"):
        texts.checked("x" * 2001, "reason", 2000)
    assert "Too many ideas came from you. Come back in 3 minutes;" in str(too_many(IDEAS, 170))
