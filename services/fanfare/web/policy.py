"""What browsers are told about every page: what it may load and run, and what it may not be used for."""

TRUSTED_TYPES = ("fanfare", "fanfare-htmx")
"""Who may turn text into markup: `js/fragments.js`, and htmx through `js/htmx-start.js`."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    f"require-trusted-types-for 'script'; trusted-types {' '.join(TRUSTED_TYPES)}"
)
"""Sent with every page. Templates hold to it: no inline script, no style attribute."""

_NEVER_USED = ("camera", "microphone", "geolocation", "payment", "usb", "serial", "midi", "display-capture", "browsing-topics")

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": ", ".join(f"{each}=()" for each in _NEVER_USED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie",
}
"""Of every answer that is a page."""

SECRET_ADDRESS = {"Cache-Control": "no-store, no-transform", "Referrer-Policy": "strict-origin"}
"""
Of a page whose address holds the secret of a mailed link: it is told to nobody.

Not `no-referrer`, under which browsers send `Origin: null` with the form, as another site would. Source: Fetch, section 3.2.
"""
