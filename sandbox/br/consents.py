"""/consents/v3: create, read and end a consent (Consents API 3.3)."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.br.bank import AUTHORISE_WITHIN_S, CONSENT_URN, CONSENTS, LONGEST_DAYS, Bank
from sandbox.br.errors import ApiError, meta
from sandbox.br.guard import client_token
from sandbox.oauth.vault import Grant, Status

# The permissions that are granted together or not at all (Permissões agrupadas: Contas)
GROUP = frozenset(
    {
        "ACCOUNTS_READ",
        "ACCOUNTS_BALANCES_READ",
        "ACCOUNTS_TRANSACTIONS_READ",
        "ACCOUNTS_OVERDRAFT_LIMITS_READ",
        "RESOURCES_READ",
    }
)
# And Cartão de Crédito: limites, transações, faturas
CARD_GROUP = frozenset(
    {
        "CREDIT_CARDS_ACCOUNTS_READ",
        "CREDIT_CARDS_ACCOUNTS_LIMITS_READ",
        "CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ",
        "CREDIT_CARDS_ACCOUNTS_BILLS_READ",
        "CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ",
    }
)
STATUSES = {
    Status.AWAITING: "AWAITING_AUTHORISATION",
    Status.ACTIVE: "AUTHORISED",
    Status.REJECTED: "REJECTED",
    Status.REVOKED: "REJECTED",
}
REASONS = {"person": ("USER", "CUSTOMER_MANUALLY_REVOKED"), "tpp": ("USER", "CUSTOMER_MANUALLY_REVOKED")}


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("consents", __name__, url_prefix=CONSENTS)

    @blueprint.post("")
    def create() -> ResponseReturnValue:
        client_token(bank)
        permissions, ends_at = _wish(request.get_json(silent=True), bank.clock.now())
        consent_id = f"{CONSENT_URN}{uuid.uuid4()}"
        grant = Grant(consent_id, bank.door.tpp.client_id, permissions, bank.clock.now(), ends_at)
        bank.vault.add(grant)
        return _shown(bank, grant), 201

    @blueprint.get("/<consent_id>")
    def read(consent_id: str) -> ResponseReturnValue:
        return _shown(bank, _named(bank, consent_id))

    @blueprint.delete("/<consent_id>")
    def delete(consent_id: str) -> ResponseReturnValue:
        grant = _named(bank, consent_id)
        if grant.status in (Status.REJECTED, Status.REVOKED):
            raise ApiError(422, "CONSENTIMENTO_EM_STATUS_REJEITADO", "The consent is REJECTED already.")
        bank.vault.end(grant, "tpp")
        return "", 204

    return blueprint


def _named(bank: Bank, consent_id: str) -> Grant:
    token = client_token(bank)
    grant = bank.vault.grant_of(consent_id, token.client_id)
    if grant is None:
        raise ApiError(404, "NAO_ENCONTRADO", "There is no such consent.")
    is_late = grant.created_at + timedelta(seconds=AUTHORISE_WITHIN_S) <= bank.clock.now()
    if grant.status is Status.AWAITING and is_late:
        bank.vault.end(grant, "time")
    return grant


def _wish(body: object, now: datetime) -> tuple[frozenset[str], datetime | None]:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise ApiError(400, "PARAMETRO_INVALIDO", "data")
    try:
        document = data["loggedUser"]["document"]
        is_person = document["rel"] == "CPF" and len(document["identification"]) == 11
    except (KeyError, TypeError):
        is_person = False
    if not is_person:
        raise ApiError(400, "PARAMETRO_INVALIDO", "data.loggedUser.document")
    permissions = data.get("permissions")
    asked = frozenset(map(str, permissions)) if isinstance(permissions, list) else frozenset()
    if asked not in (GROUP, GROUP | CARD_GROUP):
        raise ApiError(422, "COMBINACAO_PERMISSOES_INCORRETA", "The permissions of a group come together.")
    return asked, _end(data.get("expirationDateTime"), now)


def _end(given: object, now: datetime) -> datetime | None:
    """None: for an indefinite time."""
    if given is None:
        return None
    try:
        end = datetime.fromisoformat(str(given).replace("Z", "+00:00"))
    except ValueError:
        raise ApiError(400, "DATA_EXPIRACAO_INVALIDA", "expirationDateTime") from None
    if end.tzinfo is None or not now < end <= now + timedelta(days=LONGEST_DAYS * 2):
        raise ApiError(422, "DATA_EXPIRACAO_INVALIDA", "expirationDateTime")
    return min(end, now + timedelta(days=LONGEST_DAYS))


def _shown(bank: Bank, grant: Grant) -> dict[str, Any]:
    data: dict[str, Any] = {
        "consentId": grant.grant_id,
        "creationDateTime": _stamp(grant.created_at),
        "status": STATUSES[grant.status],
        "statusUpdateDateTime": _stamp(bank.clock.now()),
        "permissions": sorted(grant.scope),
    }
    if grant.ends_at is not None:
        data["expirationDateTime"] = _stamp(grant.ends_at)
    if data["status"] == "REJECTED":
        by, code = REASONS.get(grant.revoked_by, ("ASPSP", "CONSENT_EXPIRED"))
        data["rejection"] = {"rejectedBy": by, "reason": {"code": code}}
    return {"data": data, "links": {"self": f"{bank.url}{CONSENTS}/{grant.grant_id}"}, "meta": meta()}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
