"""What the mails say. The words are ours; a template is filled with links, moments and numbers of our own making."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Template as Text
from types import MappingProxyType


class Template(StrEnum):
    VERIFY = "verify"
    CHANGE = "change"
    CHANGED = "changed"
    CHANGE_UNDONE = "change_undone"
    TAKEN_BACK = "taken_back"
    RESET = "reset"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a word, not a secret
    FACTOR_CHANGED = "factor_changed"
    FACTORS_ASKED = "factors_asked"
    FACTORS_DUE = "factors_due"
    FACTORS_REMOVED = "factors_removed"
    APPROVAL_ASKED = "approval_asked"
    LOGIN_LINKED = "login_linked"
    LOGIN_UNLINKED = "login_unlinked"
    NOTICE = "notice"
    NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Written:
    """One mail in words, ready to be addressed."""

    subject: str
    body: str


def write(template: Template, values: Mapping[str, str]) -> Written:
    """Raises KeyError for a missing value, ValueError for one that would be more than a piece of a line."""
    for name, value in values.items():
        if not value.isprintable() or len(value) > _LONGEST:
            raise ValueError(f"{name} is one short printable piece of text")
    subject, body = _WORDS[template]
    return Written(Text(subject).substitute(values), Text(body).substitute(values) + _FOOT)


_LONGEST = 500
_FOOT = """
-- 
Rialto sends this because of something that was done with your account, and never to advertise.
We never ask for your password by mail. Answers to this address are not read.
"""  # noqa: W291  # "-- " with its space is what mail programs know as the start of a signature (RFC 3676 4.3)

_WORDS: Mapping[Template, tuple[str, str]] = MappingProxyType(
    {
        Template.VERIFY: (
            "Is this your e-mail address?",
            """\
Somebody, probably you, has a Rialto account with this e-mail address.
To show that its mail reaches you, open this page, log in, and press the button there:

$link

The link works once, until $until.
If the account is not yours, do nothing: without your yes the address stays unconfirmed.
""",
        ),
        Template.CHANGE: (
            "Your new e-mail address at Rialto",
            """\
You asked to use this address for your Rialto account from now on.
Open this page where you are logged in, and press the button there:

$link

The link works once, until $until. Until then the old address stays.
If you did not ask for this, do nothing.
""",
        ),
        Template.CHANGED: (
            "The e-mail address of your Rialto account was changed",
            """\
On $at the address of your Rialto account was changed from this one to $new_address.

If that was you, there is nothing to do.

If it was NOT you, take it back here. It ends every login and asks for a new password:

$link

The link works once, until $until.
""",
        ),
        Template.CHANGE_UNDONE: (
            "A change of your Rialto e-mail address was taken back",
            """\
On $at the owner of the former address took the change of address back.
Your Rialto account has its former address again, and all logins have ended.
""",
        ),
        Template.TAKEN_BACK: (
            "Your Rialto account has this e-mail address again",
            """\
On $at the change of its address was taken back. All logins have ended, and so has what
apps held for long; the old password is void.

Removed, because it was added with the change or since:
$removed.

Still there, because it was there before:
$kept.

Once you have a new password and are logged in, look at what is still there, and remove what is not
yours. What the other person removed we cannot bring back; add it again here:

$link
""",
        ),
        Template.RESET: (
            "Choose a new password for Rialto",
            """\
Somebody, probably you, asked for a new password. Choose one here:

$link

The link works once, until $until. Your second step at login stays as it is.
If you did not ask for this, do nothing: your password has not changed.
""",
        ),
        Template.PASSWORD_CHANGED: (
            "Your Rialto password was changed",
            """\
On $at the password of your Rialto account was changed. Other logins have ended.

If it was not you, choose a new one at once:

$link
""",
        ),
        Template.FACTOR_CHANGED: (
            "The way to log in to Rialto",
            """\
$what on $at, at your Rialto account.

If that was you, there is nothing to do. If it was NOT you, look at your account at once, log the
other devices out, and change your password:

$link
""",
        ),
        Template.FACTORS_ASKED: (
            "Somebody asked to remove the second step of your Rialto login",
            """\
On $at somebody who knows your password asked to remove your second step at login
(passkeys, one-time codes, recovery codes), because it is lost.

We wait until $effective. Then it can be removed, and you log in with your password alone.

If this was NOT you, stop it here, and change your password:

$link
""",
        ),
        Template.FACTORS_DUE: (
            "Your Rialto login can now go without its second step",
            """\
The wait is over. The next login with your password can remove the lost second step, until $until.

If you did not ask for this, stop it here, and change your password:

$link
""",
        ),
        Template.FACTORS_REMOVED: (
            "The second step of your Rialto login was removed",
            """\
On $at the second step of your Rialto login was removed after the wait that you were told of.
All other logins have ended. Set up a new second step here:

$link
""",
        ),
        Template.APPROVAL_ASKED: (
            "An app waits for your answer at Rialto",
            """\
An app that you may be using right now asks you something. See what it is, and say yes or no:

$link

It waits until $until.
If you are not using any app at this moment, say no, or do nothing.
""",
        ),
        Template.LOGIN_LINKED: (
            "A new way into your Rialto account",
            """\
On $at a login with $provider was linked to your Rialto account: it opens your account from now on.

If it was not you, remove it here, and change your password:

$link
""",
        ),
        Template.LOGIN_UNLINKED: (
            "A way into your Rialto account was removed",
            """\
On $at your login with $provider was unlinked from your Rialto account.

If it was not you, look at your account here:

$link
""",
        ),
        Template.NOTICE: (
            "$title",
            """\
$title

See more of it where you are logged in:

$link

Choose what Rialto writes to you about:

$settings
""",
        ),
        Template.NOTICES: (
            "$title, and $more",
            """\
$title, and $more

All of it is in your inbox:

$link

Choose what Rialto writes to you about:

$settings
""",
        ),
    }
)
