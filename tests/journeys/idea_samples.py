"""Samples of the lists of ideas, of what changed in one, and of who supports it."""

from collections.abc import Mapping, Sequence

import msgspec

from fanfare.web.contexts import Page, Shell, ideas, shell
from fanfare.web.differences import differences
from tests.journeys.sample_ground import ago

OLD = "I want that, cold, in a can: pine tips boiled for an hour, then lime until it bites.\n\n- sweet at the end"
NEW = "I want that, cold, in a can: pine tips steeped like tea, not boiled, then lime until it bites.\n\n- bitter at the end"
CHANGED = ideas.DifferencesPage(
    "i1", "Pine & Lime", "Imani O.", 3, ago(days=6), 3, differences("Pine & Lemon", "Pine & Lime"), differences(OLD, NEW)
)
FIRST_WRITTEN = msgspec.structs.replace(CHANGED, number=1, title=differences("Pine", "Pine"), text=differences(OLD, OLD))
NAMES = ("Tomasz W.", "Imani O.", "Beatriz de Almeida Vasconcelos", "Ewa D.", "Noor A.", "Jonah P.", "Yuki T.")
PEOPLE = tuple(ideas.Supporter(f"m{at}", name) for at, name in enumerate(NAMES))
LEFT = ideas.Supporter("m9", "Somebody who left", is_here=False)
SUPPORTERS = ideas.SupportersPage("i1", "Pine & Lime", 2204, (*PEOPLE, LEFT), "next")
SIMILAR = (ideas.SimilarIdea("i1", "Pine & Lime", "Spring pine tips steeped like tea.", 2204),)
ALIKE = ideas.IdeaFormPage("c1", shell.Form({"title": "Pyne & Lime", "text": "Tips."}), "key-2", similar=SIMILAR)


def pages(
    around: Shell, listed: ideas.IdeasPage, pictured: Sequence[ideas.IdeaRow], idea: ideas.IdeaPage
) -> Mapping[str, tuple[Shell, Page]]:
    """Return each sample by its name, made from those of a list and of an idea."""
    some = msgspec.structs.replace
    none = some(listed, ideas=(), total=0, tags=(), older="")
    return {
        "ideas-rising": (around, some(listed, sort="rising")),
        "ideas-grid": (around, some(listed, ideas=pictured, look="grid")),
        "ideas-found": (around, some(listed, ideas=listed.ideas[:2], q="pyne lime", older="")),
        "ideas-not-found": (around, some(listed, ideas=(), q="saffron", older="")),
        "ideas-none": (around, none),
        "ideas-none-closed": (around, some(none, takes_ideas=False)),
        "idea-paged": (around, some(idea, said=74, comments_begin=1 << 30, comments_after=1 << 31, supported=True)),
        "idea-version": (around, CHANGED),
        "idea-version-first": (around, FIRST_WRITTEN),
        "idea-version-gone": (around, some(CHANGED, title=(), text=(), gone="Its author erased this text.")),
        "idea-supporters": (around, SUPPORTERS),
        "idea-supporters-none": (around, some(SUPPORTERS, people=(), total=0, older="")),
        "idea-form-similar": (around, ALIKE),
    }
