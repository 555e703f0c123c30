"""Where a browser goes once somebody is in, or half in, and which cookies it takes along."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, request

from hub.context import hub_of_request
from hub.gate import someone
from hub.identity import assurance, cookies, devices, second_step, sessions
from hub.identity.admission import HalfOpen, LoggedIn
from hub.identity.second_step import Pending
from hub.web.flash import Said
from hub.web.routes import fields, respond


@dataclass(frozen=True, slots=True)
class Wanted:
    """``next`` is a path of ours or "", ``acr`` the strength that whoever sent the person here asks for, or ""."""

    next: str = ""
    acr: str = ""

    @property
    def query(self) -> str:
        """To hand both on; "" if there is nothing to hand on."""
        given = {name: value for name, value in (("next", self.next), ("acr", self.acr)) if value}
        return f"?{urlencode(given)}" if given else ""

    def is_reached_by(self, acr: str) -> bool:
        return not self.acr or assurance.satisfies(acr, self.acr)


def wanted_of_query() -> Wanted:
    return Wanted(fields.next_of_query(), _known(fields.single(request.args, "acr")))


def wanted_of_form() -> Wanted:
    return Wanted(fields.next_of_form(), _known(fields.single(request.form, "acr")))


def enter(entered: LoggedIn, wanted: Wanted, *, say: Said | None = None) -> Response:
    """In: on to what was wanted, by way of a stronger factor if this login was too weak for it."""
    hub, known = hub_of_request(), someone()
    if known is not None and known.psu_id != entered.psu_id:  # somebody else took over the keyboard: the first leaves
        sessions.revoke(hub, known.session_hash, psu_id=known.psu_id, origin=respond.origin(), now=hub.clock())
    is_enough = wanted.is_reached_by(entered.acr)
    response = respond.see_other(wanted.next or "/" if is_enough else f"/step-up{wanted.query}", say=say)
    cookies.set_session(response, hub.settings, entered.session_secret)
    cookies.set_device(response, hub.settings, entered.device_secret, lifetime=devices.LIFETIME)
    cookies.clear_pre_session(response, hub.settings)
    cookies.clear_half_open(response, hub.settings)
    return response


def to_second_step(half: HalfOpen, wanted: Wanted) -> Response:
    """Half in."""
    response = respond.see_other(f"/login/second{wanted.query}")
    cookies.set_half_open(response, hub_of_request().settings, half.secret)
    return response


def half_in() -> Pending | None:
    """Who stands between the two steps of a login in this browser."""
    hub = hub_of_request()
    secret = cookies.read_half_open(request, hub.settings)
    return None if secret is None else second_step.find(hub, secret, now=hub.clock())


def _known(acr: str) -> str:
    """A value that means nothing here asks for nothing."""
    return acr if acr in assurance.ACRS else ""
