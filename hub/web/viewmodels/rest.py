"""Errors and logging out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.web.viewmodels.shared import App


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """error.html. Says what happened and what to do; the reference finds the log line, the page tells no
    more.
    """

    status: int
    title: str
    happened: str
    advice: str = ""
    reference: str = ""
    action_label: str = "Go to the start page"
    action_path: str = "/"


@dataclass(frozen=True, slots=True)
class FormPostPage:
    """form_post.html: the browser posts ``fields`` to the app at ``action``; ``host`` is where that is, for the eye.

    ``repr`` leaves the fields out: a code is among them.
    """

    action: str
    fields: Mapping[str, str] = field(repr=False)
    host: str = ""


@dataclass(frozen=True, slots=True)
class LogoutPage:
    """logout.html. Posts to ``action``; ``app`` asked for it, if anyone; ``fields`` ride along as hidden
    inputs. ``told`` are the apps that will hear of it. ``is_for_somebody_else``: the app means another
    person than the one who is signed in.
    """

    app: App | None = None
    action: str = "/logout"
    fields: Mapping[str, str] = field(default_factory=dict)
    told: tuple[App, ...] = ()
    is_for_somebody_else: bool = False


@dataclass(frozen=True, slots=True)
class LoggedOutPage:
    """logged_out.html. ``return_url``: a registered URL of the app that asked, or empty."""

    app: App | None = None
    return_url: str = ""
