"""The words of the simulation are words that the site takes."""

import pytest

from fanfare.campaigns.drafts import DraftRound, round_words
from fanfare.campaigns.templates import TEMPLATES
from fanfare.members.joining import checked_name
from fanfare.platform import texts
from fanfare.simulation import corpus
from fanfare.simulation.corpus import CampaignText, IdeaText
from fanfare.simulation.tastes import TAGS
from tests.builders import NOON


@pytest.mark.parametrize("idea", corpus.ideas(), ids=lambda idea: idea.title)
def test_an_idea_is_taken_as_it_is_written_and_fans_have_a_taste_for_its_tags(idea: IdeaText) -> None:
    assert texts.checked(idea.title, "title", texts.TITLE) == idea.title
    assert texts.checked(idea.body, "text", texts.BODY, lines=True) == idea.body
    assert texts.tags(", ".join(idea.tags)) == ", ".join(idea.tags)
    assert set(idea.tags) <= set(TAGS)
    assert 1 <= idea.charm <= 3


def test_there_are_a_hundred_ideas_and_no_two_are_alike() -> None:
    assert len(corpus.ideas()) >= 100
    assert len({idea.title.casefold() for idea in corpus.ideas()}) == len(corpus.ideas())
    assert len({idea.body for idea in corpus.ideas()}) == len(corpus.ideas())


def test_there_are_a_hundred_and_fifty_comments_and_the_site_takes_each() -> None:
    assert len({comment.text for comment in corpus.comments()}) == len(corpus.comments()) >= 150
    for comment in corpus.comments():
        assert texts.checked(comment.text, "comment", texts.BODY // 2, lines=True) == comment.text
        assert set(comment.about) <= set(TAGS)


def test_some_questions_are_answered_by_the_host() -> None:
    asked = [comment for comment in corpus.comments() if comment.answer]

    assert len(asked) >= 15
    assert all("?" in comment.text for comment in asked[:12])


def test_every_name_is_taken_as_it_is_written() -> None:
    names = [f"{given} {initial}." for group in corpus.names() for given in group.given for initial in group.initials or ("",)]

    assert [name for name in names if checked_name(name) != name.strip()] == []
    assert len(set(names)) == len(names) > 5000


@pytest.mark.parametrize("campaign", [corpus.campaigns().eighth, corpus.campaigns().label], ids=lambda each: each.title)
def test_a_campaign_says_all_that_publishing_asks_for(campaign: CampaignText) -> None:
    assert texts.checked(campaign.title, "title", texts.TITLE) == campaign.title
    assert texts.checked(campaign.story, "story", texts.BODY, lines=True) == campaign.story
    for words in campaign.rounds:
        draft = DraftRound(
            name=words.name,
            question=words.question,
            asked_by=words.asked_by,
            why=words.why,
            outcome=words.outcome,
            opens_at=NOON,
            closes_at=NOON,
            options=[each.label for each in campaign.options],
        )
        assert len(round_words(draft)) == 5 + len(campaign.options)


def test_the_rounds_of_the_eighth_flavour_are_those_of_its_template() -> None:
    template = TEMPLATES["dewmocracy"](NOON, "UTC")

    assert [each.name for each in corpus.campaigns().eighth.rounds] == [each.name for each in template.rounds]
    assert [each.advance for each in template.rounds] == [7, 3, 1]


def test_what_authors_add_and_why_a_round_is_extended_are_taken_as_they_are_written() -> None:
    for line in corpus.campaigns().edits:
        assert texts.checked(line, "text", texts.LINE) == line
    assert texts.checked(corpus.campaigns().extension, "reason", texts.LINE) == corpus.campaigns().extension
