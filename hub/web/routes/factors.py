"""The person's own factors: passkeys, the authenticator app, recovery codes."""

from collections.abc import Sequence

from flask import Blueprint, Response, request

from hub import rim
from hub.access import recently_signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict, NotFound
from hub.gate import person
from hub.identity import cookies
from hub.identity.factors import enrolled, passkeys, recovery_codes, relying_party, totp_enrolment
from hub.web.flash import Said
from hub.web.present import factors as present
from hub.web.routes import fields, respond
from hub.web.viewmodels import Form, RecoveryCodesPage

blueprint = Blueprint("factors", __name__)


@blueprint.get("/account/passkeys")
@recently_signed_in
def passkeys_page() -> Response:
    return _passkeys(Form(), fields.next_of_query())


@blueprint.post("/account/passkeys/options")
@recently_signed_in
def passkey_options() -> Response:
    hub = hub_of_request()
    return respond.json(passkeys.ask(hub, person(), now=hub.clock()))


@blueprint.post("/account/passkeys")
@recently_signed_in
def add_passkey() -> Response:
    given, next_path, hub = fields.form("credential", "name"), fields.next_of_form(), hub_of_request()
    credential, name = given["credential"], given["name"]
    try:
        added = passkeys.add(hub, person(), credential=credential, name=name, origin=respond.origin(), now=hub.clock())
    except (BadInput, Conflict) as error:
        return _passkeys(Form({"name": name}, {"": error.detail}), next_path)
    response = _after_adding("/account/passkeys", next_path, Said.PASSKEY_ADDED)
    cookies.set_session(response, hub.settings, added.session_secret)
    return response


@blueprint.post("/account/passkeys/<passkey_id>/rename")
@recently_signed_in
def rename_passkey(passkey_id: str) -> Response:
    try:
        passkeys.rename(hub_of_request(), person(), passkey_id, fields.single(request.form, "name"))
    except BadInput as error:
        return _passkeys(Form({}, {"": error.detail}), "")
    return respond.see_other("/account/passkeys", say=Said.SAVED)


@blueprint.post("/account/passkeys/<passkey_id>/remove")
@recently_signed_in
def remove_passkey(passkey_id: str) -> Response:
    hub = hub_of_request()
    passkeys.remove(hub, person(), passkey_id, origin=respond.origin(), now=hub.clock())
    return respond.see_other("/account/passkeys", say=Said.PASSKEY_REMOVED)


@blueprint.get("/account/authenticator")
@recently_signed_in
def authenticator() -> Response:
    return _authenticator(Form(), fields.next_of_query())


@blueprint.post("/account/authenticator/begin")
@recently_signed_in
def begin_authenticator() -> Response:
    hub, next_path = hub_of_request(), fields.next_of_form()
    try:
        totp_enrolment.begin(hub, person(), now=hub.clock())
    except Conflict as error:
        return _authenticator(Form({}, {"": error.detail}), next_path)
    return respond.see_other(f"/account/authenticator{fields.handed_on(next_path)}")


@blueprint.post("/account/authenticator")
@recently_signed_in
def confirm_authenticator() -> Response:
    hub, next_path, code = hub_of_request(), fields.next_of_form(), fields.single(request.form, "code")
    try:
        secret = totp_enrolment.confirm(hub, person(), code, origin=respond.origin(), now=hub.clock())
    except (BadInput, Conflict, NotFound) as error:
        return _authenticator(Form({}, {error.parameter or "": error.detail}), next_path)
    response = _after_adding("/account", next_path, Said.AUTHENTICATOR_ADDED)
    cookies.set_session(response, hub.settings, secret)
    return response


@blueprint.post("/account/authenticator/remove")
@recently_signed_in
def remove_authenticator() -> Response:
    hub = hub_of_request()
    totp_enrolment.remove(hub, person(), origin=respond.origin(), now=hub.clock())
    return respond.see_other("/account", say=Said.AUTHENTICATOR_REMOVED)


@blueprint.get("/account/recovery-codes")
@recently_signed_in
def codes_page() -> Response:
    return _codes((), fields.next_of_query())


@blueprint.post("/account/recovery-codes")
@recently_signed_in
def make_codes() -> Response:
    """The answer is the only page that ever shows them."""
    hub = hub_of_request()
    made = recovery_codes.make(hub, person(), origin=respond.origin(), now=hub.clock())
    return _codes(made, fields.next_of_form())


@blueprint.post("/account/recovery-codes/download")
@recently_signed_in
def download_codes() -> Response:
    """As a text file, what the page before has shown. Nothing is sent back but open codes of this person."""
    hub, codes = hub_of_request(), fields.single(request.form, "codes").split()
    with hub.db.read() as session:
        if not recovery_codes.are_current(session, person().psu_id, codes):
            raise NotFound("These codes are not valid any more. Make new ones.")
    response = Response(present.codes_as_text(hub.settings.base_url, codes), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="rialto-recovery-codes.txt"'
    return response


def _after_adding(path: str, next_path: str, said: Said) -> Response:
    """Whoever has no recovery codes yet is led to them first."""
    hub = hub_of_request()
    with hub.db.read() as session:
        has_codes = enrolled.of(session, person().psu_id).recovery_codes > 0
    if has_codes:
        return respond.see_other(next_path or path, say=said)
    return respond.see_other(f"/account/recovery-codes{fields.handed_on(next_path)}", say=said)


def _passkeys(form: Form, next_path: str) -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        held = passkeys.list_of(session, person().psu_id)
    name = relying_party.rp_id(hub.settings)
    if name is not None:
        rim.allow_fetch()
    page = present.passkeys_page(held, form, next_path, has_name=name is not None, base_url=hub.settings.base_url)
    return respond.page("passkeys.html", page, status=respond.INVALID if form.errors else 200)


def _authenticator(form: Form, next_path: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        since = enrolled.of(session, who.psu_id).totp_since
    seed = None if since is not None else totp_enrolment.pending(hub, who, now=hub.clock())
    page = present.authenticator_page(since, seed, who.email, form, next_path)
    return respond.page("authenticator.html", page, status=respond.INVALID if form.errors else 200)


def _codes(made: Sequence[str], next_path: str) -> Response:
    with hub_of_request().db.read() as session:
        has = enrolled.of(session, person().psu_id)
    page = RecoveryCodesPage(codes=tuple(made), left=has.recovery_codes, can_make=has.has_second, next=next_path)
    return respond.page("recovery_codes.html", page)
