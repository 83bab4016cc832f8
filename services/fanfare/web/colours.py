"""What is done with a brand's colour so that everything can be read, in sentences for whoever chooses it. Pure."""

from fanfare.web import tints

_TEXT, _SHAPES, _GREY = 4.5, 3.0, 0.02


def remarks(brand: str) -> list[str]:
    """Return what happens to *brand*, `#rrggbb`: how well text on it is read, and where it is changed and why."""
    light, dark = tints.theme(brand, dark=False), tints.theme(brand, dark=True)
    on = "dark" if light["on-spot"] != "#ffffff" else "white"
    read = tints.contrast(light["spot"], light["on-spot"])
    said = [f"Text on it is {on}, with a contrast of {read:.1f} to 1; {_TEXT} is needed."]
    if light["spot"] != brand:
        said.append(f"Neither dark nor white text could be read on it as it is, so tickets and bars use {light['spot']}.")
    if tints.contrast(light["spot"], light["stock"]) < _SHAPES:
        said.append("It is pale on light paper, so bars and tickets get a darker edge there.")
    if light["spot-text"] != brand:
        said.append(f"Links on light paper use {light['spot-text']}, so that they can be read.")
    if dark["spot"] != light["spot"]:
        said.append(f"On dark pages it would sink into the ground, so there it is lifted to {dark['spot']}.")
    return said
