"""What the members room refuses."""

from fanfare.platform.refusals import Invalid, Refusal, SignInNeeded


class AddressRefused(Invalid):
    """This is not an e-mail address that mail can be sent to."""

    code, advice = "address-refused", "Write it as in anna@example.org, in Latin letters before the @."


class AddressTaken(Refusal):
    """A member has this e-mail address already."""

    code, advice = "address-taken", "Sign in with it first, then open the link again."


class LinkUnknown(Refusal):
    """This link is not one of ours."""

    code, status, advice = "link-unknown", 404, "Copy it whole from the mail, or ask for another link."


class LinkUsed(Refusal):
    """This link was used already, or a newer one was."""

    code, status, advice = "link-used", 410, "Each link works once. Ask for another one."


class LinkExpired(Refusal):
    """This link has gone stale."""

    code, status, advice = "link-expired", 410, "Ask for another link and use it soon."


class AdminExists(Refusal):
    """This site has an admin already."""

    code, advice = "admin-exists", "The first admin's link is closed for good. An admin can grant you the role."


class TokenUnknown(SignInNeeded):
    """This API token is not known here."""

    code, advice = "token-unknown", "It was ended or copied wrong. Make a new one on your page."


class BrowserNeeded(Refusal):
    """An API token cannot make further API tokens."""

    code, status, advice = "browser-needed", 403, "Sign in with a browser and make the token there."


class FormOutdated(Refusal):
    """The form was loaded under another sign-in."""

    code, status, advice = "form-outdated", 403, "Load the page again and send the form once more; a script sends X-CSRF-Token."


class MemberNotFound(Refusal):
    """There is no such member."""

    code, status, advice = "member-not-found", 404, "Look the members up and use one of their ids."


class SessionNotFound(Refusal):
    """You have no such session or token."""

    code, status, advice = "session-not-found", 404, "It may have ended already. Look the list up again."


class RoleHeld(Refusal):
    """The member holds this role already."""

    code, advice = "role-held", "There is nothing to grant."


class RoleNotHeld(Refusal):
    """The member does not hold this role."""

    code, advice = "role-not-held", "There is nothing to revoke. Look the member's roles up again."


class LastAdmin(Refusal):
    """She is the only admin."""

    code, advice = "last-admin", "Hand over first: grant the role to somebody else. A site needs an admin to get another one."


class ErasureUnconfirmed(Refusal):
    """An erasure has to be confirmed."""

    code, status, advice = (
        "erasure-unconfirmed",
        403,
        "Ask for the link by mail and send what it holds, with the words; without an address, do it from a browser.",
    )


class WordsDiffer(Invalid):
    """What you typed is something else."""

    code, advice = "words-differ", "Type the two words: erase me"


class SiteNotFounded(Refusal):
    """This site is not set up yet."""

    code, advice = "site-not-founded", "Open the link that its console shows, and answer its questions."


class NotASimulation(Refusal):
    """This site is not a simulation."""

    code, status, advice = "not-a-simulation", 403, "Simulated fans exist only on a site that was founded as a simulation."


class PasskeysElsewhere(Refusal):
    """Passkeys do not work where this page was opened."""

    code, advice = "passkeys-elsewhere", "Open the site at its public address, or use a link by mail."


class PasskeyRefused(Invalid):
    """This passkey could not be checked."""

    code, advice = "passkey-refused", "Press the button again. If it is refused once more, sign in with a link by mail."


class PasskeyUnknown(Refusal):
    """This passkey is not known here."""

    code, status, advice = "passkey-unknown", 404, "It was removed on your page, or never added. Sign in with a link by mail."


class PasskeyCopied(Refusal):
    """This passkey has counted backwards."""

    code, status, advice = (
        "passkey-copied",
        403,
        "There may be a copy of it. Sign in with a link by mail, remove it on your page and add it anew.",
    )


class PasskeyAdded(Refusal):
    """This passkey has been added before."""

    code, advice = "passkey-added", "There is nothing to do; it signs you in already."


class PasskeyNotFound(Refusal):
    """You have no such passkey."""

    code, status, advice = "passkey-not-found", 404, "It may have been removed already. Look the list up again."


class PasskeysFull(Refusal):
    """You have twenty passkeys."""

    code, advice = "passkeys-full", "Remove one that you no longer use, then add this one."


class LastWayIn(Refusal):
    """This is your only way in."""

    code, advice = "last-way-in", "Add an address or another passkey first, so that you can come back."


class ChallengeStale(Refusal):
    """This took longer than five minutes, or was sent twice."""

    code, status, advice = "challenge-stale", 410, "Nothing happened. Press the button again."


class SignInAgain(Refusal):
    """This needs a sign-in of the last fifteen minutes."""

    code, status, advice = "sign-in-again", 403, "Sign in once more, so that we know it is you. Nothing you wrote is lost."


class AddressSame(Invalid):
    """This is your address already."""

    code, advice = "address-same", "There is nothing to change."


class AddressHeld(Refusal):
    """This address was a member's until a few days ago."""

    code, advice = (
        "address-held",
        "Look for our mail that tells of the change: its link puts everything back. After seven days anybody may join with it.",
    )


class OtherMember(Refusal):
    """This link belongs to somebody who is not signed in here."""

    code, status, advice = (
        "other-member",
        403,
        "Open it in the browser in which you asked for it, or sign in here first. The link still works.",
    )


class WorkNeeded(Refusal):
    """Many links are being asked for, so this one needs a small computation."""

    code, status, advice = (
        "work-needed",
        428,
        "Send the request again with `work`, the solution of the challenge; or, after `wait_s` seconds, with `waited`.",
    )


class PowerRefused(Invalid):
    """A right cannot be given like that."""

    code = "power-refused"


class PowerHeld(Refusal):
    """She may do that there already, for as long."""

    code, advice = "power-held", "To prolong a right, choose a later end. To shorten one, end it, and give another."


class PowerNotFound(Refusal):
    """There is no such right."""

    code, status, advice = "power-not-found", 404, "Look the rights up and use one of their ids."


class PowerHasEnded(Refusal):
    """This right has ended already."""

    code, advice = "power-has-ended", "There is nothing to end."


class NotYourPower(Refusal):
    """This right is not yours."""

    code, status, advice = "not-your-power", 403, "Who holds a right may lay it down; else an admin ends it."
