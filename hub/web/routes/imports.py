"""Bringing a statement as a file: upload it, see how it was understood, confirm or correct that, watch it arrive."""

from flask import Blueprint, Response, request
from sqlalchemy import select

from hub.access import signed_in
from hub.context import Hub, hub_of_request
from hub.errors import BadInput, Conflict, DomainError
from hub.gate import person
from hub.imports import preview, run, staging
from hub.imports.staging import Staged
from hub.models.ledger import Account
from hub.web.format import masked
from hub.web.present import imports as present
from hub.web.routes import respond
from hub.web.viewmodels import ImportPage
from providers.errors import ContractBroken

blueprint = Blueprint("imports", __name__, url_prefix="/import")


@blueprint.get("")
@signed_in
def show() -> Response:
    return _upload_page(hub_of_request())


@blueprint.post("")
@signed_in
def upload() -> Response:
    hub, who = hub_of_request(), person()
    given = request.files.getlist("file")
    if len(given) != 1 or not given[0].filename:
        return _upload_page(hub, "Choose a file first.")
    raw = given[0].stream.read(hub.settings.import_max_bytes + 1)
    try:
        import_id = staging.stage(hub, who.psu_id, name=given[0].filename, raw=raw, now=hub.clock())
    except BadInput as error:
        return _upload_page(hub, error.detail)
    except ContractBroken as error:
        return _upload_page(hub, error.reason)
    return respond.see_other(f"/import/{import_id}")


@blueprint.get("/<import_id>")
@signed_in
def look(import_id: str) -> Response:
    return _file_page(hub_of_request(), _load(import_id))


@blueprint.post("/<import_id>")
@signed_in
def act(import_id: str) -> Response:
    """``look``: keep what was declared and show the file so. ``import``: begin, unless what was declared is new: then
    it is shown first, so that nobody imports what they have not seen."""
    hub, who = hub_of_request(), person()
    staged = _load(import_id)
    if staged.status in {staging.RUNNING, staging.DONE} and (staged.is_held or staged.status == staging.DONE):
        return respond.see_other(f"/import/{import_id}")
    form = {name: values[0] for name, values in request.form.lists() if len(values) == 1}
    try:
        if staged.status != staging.RUNNING:
            declared = present.declared(form, staged.declared)
            was_seen = (declared.profile, declared.currency, declared.order) == _shown(hub, staged)
            staging.declare(hub, who.psu_id, import_id, declared, now=hub.clock())
            if form.get("act") != "import" or not was_seen:
                return respond.see_other(f"/import/{import_id}")
        run.start(hub, who.psu_id, import_id, now=hub.clock())
    except (BadInput, Conflict) as error:
        return _file_page(hub, _load(import_id), error)
    except ContractBroken as error:
        return respond.page("import_file.html", present.unreadable_page(staged, error.reason), status=respond.INVALID)
    return respond.see_other(f"/import/{import_id}")


@blueprint.post("/<import_id>/forget")
@signed_in
def forget(import_id: str) -> Response:
    staging.forget(hub_of_request(), person().psu_id, import_id)
    return respond.see_other("/import")


def _load(import_id: str) -> Staged:
    hub = hub_of_request()
    with hub.db.read() as session:
        return staging.load(session, person().psu_id, import_id, now=hub.clock())


def _shown(hub: Hub, staged: Staged) -> tuple[object, object, object]:
    """What the page showed the file by: the declared profile, or the one that was guessed."""
    seen = preview.look(hub, person().psu_id, staged)
    page = present.waiting_page(hub, staged, seen, ())
    profile = None if seen.guess is None else seen.guess.profile
    return profile, page.currency, staged.declared.order or (page.orders[0].value if page.orders else None)


def _upload_page(hub: Hub, error: str = "") -> Response:
    page = ImportPage(hub.settings.import_max_bytes >> 20, error)
    return respond.page("import.html", page, status=respond.INVALID if error else 200)


def _file_page(hub: Hub, staged: Staged, error: DomainError | None = None) -> Response:
    psu_id = person().psu_id
    if staged.status in {staging.RUNNING, staging.DONE}:
        with hub.db.read() as session:
            query = select(Account.id, Account.name, Account.identifiers).where(Account.id.in_(staged.account_ids))
            rows = session.execute(query).all()
        names = {row.id: row.name or masked(row.identifiers[0]["value"]) for row in rows if row.name or row.identifiers}
        page = present.under_way_page(staged, names)
        return respond.page("import_file.html", page)
    try:
        seen = preview.look(hub, psu_id, staged)
    except ContractBroken as broken:
        return respond.page("import_file.html", present.unreadable_page(staged, broken.reason), status=respond.INVALID)
    with hub.db.read() as session:
        choosable = preview.choosable(session, psu_id)
    page = present.waiting_page(hub, staged, seen, choosable, error=error.detail if error else "")
    return respond.form_page("import_file.html", page, error)
