"""Reports that are prepared and fetched (NextGenPSD2 1.3, 6.6.1: the link ``download``): a zip of camt.052 by months.

The first asking for one is answered with 202. A report is its consent's own, and is there until the bank stops.
"""

import io
import zipfile
from collections.abc import Sequence
from itertools import groupby
from secrets import token_urlsafe
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.berlin.bank import Bank, Prepared
from sandbox.berlin.camt import report as camt_report
from sandbox.berlin.errors import ApiError
from sandbox.berlin.guard import granted_account, valid_consent
from sandbox.berlin.vault import BankConsent, Granted
from sandbox.berlin.wire import reference
from sandbox.book import Entry

CAMT = "application/xml"
ZIP = "application/zip"
MOST_KEPT = 50


def accepts_camt() -> bool:
    accept = request.accept_mimetypes
    return bool(accept[CAMT]) and accept[CAMT] > accept["application/json"]


def prepared(bank: Bank, consent: BankConsent, granted: Granted, rows: Sequence[Entry]) -> dict[str, Any]:
    """An answer without rows: where they will be."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
        for month, entries in groupby(rows, key=lambda one: f"{one.day:%Y-%m}-{'b' if one.booked_on else 'p'}"):
            made.writestr(f"{month}.xml", camt_report(granted.account, list(entries), bank.clock.today()))
        if not rows:
            made.writestr("empty.xml", camt_report(granted.account, (), bank.clock.today()))
    report_id = token_urlsafe(12)
    with bank.vault.lock:
        bank.reports[report_id] = Prepared(consent.consent_id, granted.resource_id, into.getvalue())
        for oldest in list(bank.reports)[:-MOST_KEPT]:
            del bank.reports[oldest]
    own = f"/v1/accounts/{granted.resource_id}/transactions/download/{report_id}"
    return {"account": reference(granted.account), "_links": {"download": bank.link(own)}}


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("reports", __name__, url_prefix="/v1/accounts")

    @blueprint.get("/<resource_id>/transactions/download/<report_id>")
    def report(resource_id: str, report_id: str) -> ResponseReturnValue:
        consent = valid_consent(bank, ZIP)
        granted_account(consent, resource_id, "transactions")
        with bank.vault.lock:
            found = bank.reports.get(report_id)
            if found is None or (found.consent_id, found.resource_id) != (consent.consent_id, resource_id):
                raise ApiError("RESOURCE_UNKNOWN", "There is no such report.", "download-id")
            was_ready, found.is_ready = found.is_ready, True
        return Response(found.body, mimetype=ZIP) if was_ready else ("", 202)

    return blueprint
