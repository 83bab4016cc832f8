"""What is done with a brand's colour so that everything can be read, in sentences for whoever chooses it. Pure."""

from fanfare.platform.language import gettext as _
from fanfare.web import tints

_TEXT, _SHAPES, _GREY = 4.5, 3.0, 0.02


def remarks(brand: str) -> list[str]:
    """Return what happens to *brand*, `#rrggbb`: how well text on it is read, and where it is changed and why."""
    light, dark = tints.theme(brand, dark=False), tints.theme(brand, dark=True)
    told = {"contrast": f"{tints.contrast(light['spot'], light['on-spot']):.1f}", "needed": _TEXT}
    dark_on = _("Text on it is dark, with a contrast of %(contrast)s to 1; %(needed)s is needed.", **told)
    white_on = _("Text on it is white, with a contrast of %(contrast)s to 1; %(needed)s is needed.", **told)
    said = [white_on if light["on-spot"] == "#ffffff" else dark_on]
    if light["spot"] != brand:
        changed = _(
            "Neither dark nor white text could be read on it as it is, so tickets and bars use %(colour)s.", colour=light["spot"]
        )
        said.append(changed)
    if tints.contrast(light["spot"], light["stock"]) < _SHAPES:
        said.append(_("It is pale on light paper, so bars and tickets get a darker edge there."))
    if light["spot-text"] != brand:
        said.append(_("Links on light paper use %(colour)s, so that they can be read.", colour=light["spot-text"]))
    if dark["spot"] != light["spot"]:
        said.append(_("On dark pages it would sink into the ground, so there it is lifted to %(colour)s.", colour=dark["spot"]))
    return said
