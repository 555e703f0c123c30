"""The person's e-mail address: verify it, change it, take a change back. A GET shows, only a POST does."""

from flask import Blueprint, Response

from hub.access import public, recently_signed_in, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict, DomainError, TooMany
from hub.gate import person
from hub.identity import addresses, mailed_links
from hub.identity.mailed_links import Link, Purpose
from hub.web.flash import Said
from hub.web.routes import fields, respond
from hub.web.viewmodels import EmailPage, Form, MailedLinkPage

blueprint = Blueprint("addresses", __name__)


@blueprint.get("/account/email")
@recently_signed_in
def show() -> Response:
    return _email_page(Form())


@blueprint.post("/account/email")
@recently_signed_in
def ask_change() -> Response:
    """Recent proof, because a new address is a way to a new password."""
    hub, given = hub_of_request(), fields.form("email")
    try:
        addresses.ask_change(hub, person(), new=given["email"], origin=respond.origin(), now=hub.clock())
    except (BadInput, TooMany) as error:
        return _email_page(Form(given, {error.parameter or "": error.detail}), error)
    return respond.see_other("/account", say=Said.LINK_SENT)


@blueprint.post("/account/email/resend")
@signed_in
def resend() -> Response:
    hub = hub_of_request()
    try:
        addresses.resend(hub, person(), now=hub.clock())
    except (Conflict, TooMany) as error:
        return _email_page(Form({}, {"": error.detail}), error)
    return respond.see_other("/account", say=Said.LINK_SENT)


@blueprint.get("/account/email/verify/<token>")
@signed_in
def ask_to_verify(token: str) -> Response:
    link = _own_link(Purpose.VERIFY, token)
    page = MailedLinkPage(
        title="Is this your address?",
        address=link.address,
        what="Mail from us reaches you here. From now on we can send you a link if you forget your password.",
        button="Yes, it is mine",
        action=mailed_links.PATHS[Purpose.VERIFY] + token,
    )
    return respond.page("mailed_link.html", page)


@blueprint.post("/account/email/verify/<token>")
@signed_in
def verify(token: str) -> Response:
    hub = hub_of_request()
    addresses.verify(hub, person(), token, origin=respond.origin(), now=hub.clock())
    return respond.see_other("/account", say=Said.EMAIL_VERIFIED)


@blueprint.get("/account/email/confirm/<token>")
@signed_in
def ask_to_confirm(token: str) -> Response:
    link = _own_link(Purpose.CHANGE, token)
    page = MailedLinkPage(
        title="Use this address from now on?",
        address=link.address,
        what=f"You log in with it instead of {person().email}, and mail from us goes there. "
        "The former address is told, and can take the change back for a while.",
        button="Change the address",
        action=mailed_links.PATHS[Purpose.CHANGE] + token,
        cancel_path="/account",
    )
    return respond.page("mailed_link.html", page)


@blueprint.post("/account/email/confirm/<token>")
@signed_in
def confirm(token: str) -> Response:
    hub = hub_of_request()
    addresses.confirm_change(hub, person(), token, origin=respond.origin(), now=hub.clock())
    return respond.see_other("/account", say=Said.EMAIL_CHANGED)


@blueprint.get("/email/undo/<token>")
@public
def ask_to_undo(token: str) -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        link = mailed_links.look(session, Purpose.UNDO, token, now=hub.clock())
    page = MailedLinkPage(
        title="Was it not you?",
        address=link.address,
        what="We set this address for your account again, end every login everywhere, and you choose a new password.",
        button="Take the change back",
        action=mailed_links.PATHS[Purpose.UNDO] + token,
        is_grave=True,
        cancel_label="It was me",
    )
    return respond.page("mailed_link.html", page)


@blueprint.post("/email/undo/<token>")
@public
def undo(token: str) -> Response:
    hub = hub_of_request()
    return respond.see_other(addresses.undo_change(hub, token, origin=respond.origin(), now=hub.clock()))


def _own_link(purpose: Purpose, token: str) -> Link:
    """The signed-in person's link. Raises NotFound, for another person's as well."""
    hub = hub_of_request()
    with hub.db.read() as session:
        link = mailed_links.look(session, purpose, token, now=hub.clock())
    if link.psu_id != person().psu_id:
        raise mailed_links.gone()
    return link


def _email_page(form: Form, error: DomainError | None = None) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        is_verified = addresses.is_verified(session, who.psu_id)
    return respond.form_page("email.html", EmailPage(who.email, is_verified, form), error)
