"""authorization_details from the pushed request to the token answer (RFC 9396)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from consent.details import PaymentInitiation
from consent.model import PAYMENT_LIFE, Permission, Status
from consent.payment import approved_terms
from hub.consents import service as consents
from hub.consents.rows import last_receipt
from hub.errors import BadInput, Conflict, NotFound
from hub.models.consent import ConsentRow
from hub.models.ledger import Account
from hub.oauth import grant_types
from hub.oauth.clients import Registered
from hub.oauth.interaction import Ask, Choice, Redirect, approve, open_request
from tests.conftest import TestClock
from tests.oauth.elsewhere import poll, start, type_code, with_grant
from tests.oauth.world import SCOPE, World, query_of
from tests.race import at_once

READING = {"type": "account_information", "permissions": ["accounts:read", "balances:read"]}
PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    "creditorName": "Merchant A",
    "creditorAccount": {"iban": "DE02100100109307118603"},
    "remittanceInformationUnstructured": "Ref 7",
}
PAYS = frozenset({Permission.PAYMENTS_WRITE})


@pytest.fixture
def shop(world: World) -> Registered:
    """May ask for payments, and for reading."""
    return world.register(scopes=[*SCOPE.split(), "transactions:read", "payments:write"])


def refusal(world: World, client: Registered | None = None, **asked: Any) -> str:
    answer = world.push(client, **asked)
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"] == "invalid_authorization_details", answer.text
    return str(answer.get_json()["error_description"])


def paying(world: World, account: str | None = None) -> Choice:
    until = world.hub.clock() + PAYMENT_LIFE
    return Choice({account or world.account: PAYS}, frozenset({Permission.SIGN_IN}), until)


def asked(world: World, client: Registered, *details: dict[str, Any], scope: str = "openid", **more: Any) -> str:
    return world.handle(client, scope=scope, authorization_details=json.dumps(details), **more)


def consent_of(world: World) -> ConsentRow:
    with world.hub.db.read() as session:
        return session.scalars(select(ConsentRow).order_by(ConsentRow.id.desc())).first() or pytest.fail("no consent")


def number_of(world: World, account: str, iban: str) -> None:
    with world.hub.db.write() as session:
        session.get_one(Account, account).identifiers = [{"scheme": "IBAN", "value": iban}]


def test_scope_and_details_add_up_and_come_back_as_granted(world: World, shop: Registered) -> None:
    wanted = READING | {"historyFrom": None, "purpose": "Your budget", "validUntil": "2026-12-24T00:00:00Z"}
    details = {name: value for name, value in wanted.items() if value is not None}
    handle = asked(world, shop, details, scope="openid offline_access")
    shown = open_request(world.hub, handle, world.person())
    assert isinstance(shown, Ask)
    assert shown.permissions == {Permission.SIGN_IN, Permission.ACCOUNTS_READ, Permission.BALANCES_READ}
    assert (shown.wish.purpose, shown.wish.valid_until.isoformat()) == ("Your budget", "2026-12-24T00:00:00+00:00")
    picked = Choice(
        {world.account: frozenset({Permission.BALANCES_READ})}, frozenset({Permission.SIGN_IN}), shown.wish.valid_until
    )
    code = query_of(approve(world.hub, handle, world.person(), picked).url)["code"]
    answer = world.redeem(code, shop).get_json()
    assert answer["scope"] == "balances:read offline_access openid"
    (granted,) = answer["authorization_details"]
    assert granted["permissions"] == ["balances:read"]
    assert granted["accounts"] == [{"id": world.account, "permissions": ["balances:read"]}]
    assert granted["validUntil"] == "2026-12-24T00:00:00.000000Z"

    # Introspection and a refresh say the same; what the scope is narrowed by is not told any more.
    told = world.post("/oauth/introspect", {"token": answer["access_token"]}, shop).get_json()
    assert told["authorization_details"] == [granted]
    assert world.refresh(answer["refresh_token"], shop).get_json()["authorization_details"] == [granted]
    assert world.refresh(answer["refresh_token"], shop, scope="openid").get_json()["authorization_details"] == []


def test_the_token_itself_does_not_carry_them(world: World, shop: Registered) -> None:
    code = query_of(approve(world.hub, asked(world, shop, PAYMENT), world.person(), paying(world)).url)["code"]
    assert "Merchant" not in world.redeem(code, shop).get_json()["access_token"]


def test_a_payment_is_bound_as_it_was_asked_for(world: World, shop: Registered) -> None:
    handle = asked(world, shop, PAYMENT)
    shown = open_request(world.hub, handle, world.person())
    assert isinstance(shown, Ask)
    assert shown.permissions == {Permission.SIGN_IN, Permission.PAYMENTS_WRITE}
    assert shown.payers is None
    code = query_of(approve(world.hub, handle, world.person(), paying(world)).url)["code"]
    answer = world.redeem(code, shop).get_json()
    assert answer["scope"] == "openid payments:write"
    assert answer["authorization_details"] == [PAYMENT | {"debtorAccount": {"id": world.account}}]
    with world.hub.db.read() as session:
        consent = consents.load(session, consent_of(world).id)
    assert consent.valid_until - world.hub.clock() == PAYMENT_LIFE
    terms = approved_terms(consent)
    assert (str(terms.amount), terms.creditor_name, terms.debtor_account_id) == ("123.50", "Merchant A", world.account)


def test_one_account_pays_and_it_is_the_one_that_was_named(world: World, shop: Registered) -> None:
    second = world.link_account(world.alice)
    number_of(world, world.account, "DE89 3704 0044 0532 0130 00")
    for named in ({"id": world.account}, {"iban": "DE89370400440532013000"}):
        handle = asked(world, shop, PAYMENT | {"debtorAccount": named})
        shown = open_request(world.hub, handle, world.person())
        assert isinstance(shown, Ask)
        assert shown.payers == frozenset({world.account})
        both = replace(paying(world), accounts={world.account: PAYS, second: PAYS})
        for wrong in (paying(world, second), both, replace(paying(world), accounts={})):
            with pytest.raises(BadInput):
                approve(world.hub, handle, world.person(), wrong)
        assert approve(world.hub, handle, world.person(), paying(world))
    with pytest.raises(NotFound):  # nor can she let Bob pay
        approve(world.hub, asked(world, shop, PAYMENT), world.person(), paying(world, world.bobs_account))


def test_a_payment_lasts_an_hour_and_no_choice_makes_it_longer(
    world: World, shop: Registered, clock: TestClock
) -> None:
    handle = asked(world, shop, PAYMENT)
    longer = replace(paying(world), valid_until=clock() + PAYMENT_LIFE + timedelta(seconds=1))
    with pytest.raises(BadInput):
        approve(world.hub, handle, world.person(), longer)
    code = query_of(approve(world.hub, handle, world.person(), paying(world)).url)["code"]
    token = world.redeem(code, shop).get_json()["access_token"]
    assert world.works(token)
    clock.advance(seconds=PAYMENT_LIFE.total_seconds())
    assert not world.works(token)


def test_of_many_who_consume_one_payment_at_once_one_does(world: World, shop: Registered) -> None:
    approve(world.hub, asked(world, shop, PAYMENT), world.person(), paying(world))
    row = consent_of(world)

    def consume() -> bool:
        try:
            with world.hub.db.write() as session:
                consents.consume(session, row.id, client_id=row.client_id, now=world.hub.clock())
        except Conflict:
            return False
        return True

    assert sum(at_once(50, consume)) == 1
    assert consent_of(world).status == Status.CONSUMED
    with pytest.raises(NotFound), world.hub.db.write() as session:
        consents.consume(session, row.id, client_id=world.client.client.client_id, now=world.hub.clock())


def test_only_a_payment_is_consumed(world: World) -> None:
    world.tokens()
    row = consent_of(world)
    with pytest.raises(Conflict), world.hub.db.write() as session:
        consents.consume(session, row.id, client_id=row.client_id, now=world.hub.clock())


def test_no_payment_is_answered_by_an_earlier_yes_nor_answers_anything(world: World, shop: Registered) -> None:
    for _ in range(2):  # the very same one is asked for twice
        handle = asked(world, shop, PAYMENT)
        assert isinstance(open_request(world.hub, handle, world.person()), Ask)
        approve(world.hub, handle, world.person(), paying(world))
    assert isinstance(open_request(world.hub, world.handle(shop, scope="openid"), world.person()), Ask)


def test_the_same_details_are_answered_by_the_consent_that_has_them(world: World, shop: Registered) -> None:
    choice = world.choice("openid accounts:read balances:read")
    approve(world.hub, asked(world, shop, READING), world.person(), choice)
    again = open_request(world.hub, asked(world, shop, READING), world.person())
    assert isinstance(again, Redirect)
    answer = world.redeem(query_of(again.delivery.url)["code"], shop).get_json()
    assert answer["authorization_details"][0]["accounts"][0]["id"] == world.account
    # Other wishes are another question.
    other = READING | {"accounts": [{"id": world.account}]}
    assert isinstance(open_request(world.hub, asked(world, shop, other), world.person()), Ask)


@pytest.mark.parametrize(
    ("details", "scope", "why"),
    [
        ("[]", "openid", "is empty"),
        ("nonsense", "openid", "is not JSON"),
        (json.dumps([{"type": "tax_return"}]), "openid", "must be one of"),
        (json.dumps([PAYMENT | {"extra": 1}]), "openid", "is not known"),
        (json.dumps([PAYMENT, PAYMENT | {"creditorName": "B"}]), "openid", "ask for each apart"),
        (json.dumps([PAYMENT]), "openid accounts:read", "ask for each apart"),
        (json.dumps([READING | {"locations": ["https://elsewhere.example"]}]), "openid", "no resource"),
        (json.dumps([READING | {"permissions": ["parties:read"]}]), "openid", "not registered for"),
    ],
)
def test_what_does_not_hold_is_refused_where_it_was_pushed(
    world: World, shop: Registered, details: str, scope: str, why: str
) -> None:
    assert why in refusal(world, shop, scope=scope, authorization_details=details)


def test_details_need_the_profile_the_registration_and_the_type(world: World, shop: Registered) -> None:
    details = json.dumps([READING])
    answer = query_of(world.ask(world.web, authorization_details=details).headers["Location"])
    assert answer["error"] == "invalid_authorization_details"
    assert "not registered for" in refusal(world, authorization_details=json.dumps([PAYMENT]), scope="openid")
    limited = world.register(registration={"authorization_details_types": ["payment_initiation"]})
    assert "authorization_details_types" in refusal(world, limited, authorization_details=details)


def test_a_request_says_its_history_and_its_end_once(world: World, shop: Registered) -> None:
    reading = READING | {"permissions": ["transactions:read"], "historyFrom": "2026-01-01"}
    told = refusal(world, shop, scope="openid", authorization_details=json.dumps([reading]), history_days="30")
    assert "historyFrom" in told
    ending = json.dumps([READING | {"validUntil": "2026-12-24T00:00:00Z"}])
    assert "validUntil" in refusal(world, shop, scope="openid", authorization_details=ending, consent_days="30")
    choice = world.choice("openid transactions:read")
    handle = asked(world, shop, reading | {"validUntil": "2026-12-24T00:00:00Z"})
    longer = replace(choice, valid_until=world.hub.clock() + timedelta(days=60))
    with pytest.raises(BadInput):  # nor can the person's choice go beyond it
        approve(world.hub, handle, world.person(), longer)
    approve(world.hub, asked(world, shop, reading), world.person(), choice)
    assert str(consent_of(world).history_from) == "2026-01-01"


def test_payments_write_alone_asks_for_nothing(world: World, shop: Registered) -> None:
    answer = world.push(shop, scope="payments:write")
    assert answer.get_json()["error"] == "invalid_scope"


def test_signed_requests_carry_them_as_json(world: World) -> None:
    signer = world.register(profile="fapi2_ms", scopes=["openid", "payments:write"])
    facts: dict[str, Any] = dict(world.request_of(signer, scope="openid"))
    signed = world.request_object(signer, facts | {"authorization_details": [PAYMENT]})
    pushed = world.post("/oauth/par", {"request": signed}, signer)
    assert pushed.status_code == 201, pushed.text
    twice = world.request_object(signer, facts | {"authorization_details": "not an array"})
    assert world.post("/oauth/par", {"request": twice}, signer).get_json()["error"] == "invalid_authorization_details"


def test_the_token_endpoint_narrows_by_scope_only(world: World) -> None:
    code = world.code()
    answer = world.redeem(code, authorization_details=json.dumps([READING]))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_authorization_details")
    assert "scope" in answer.get_json()["error_description"]
    assert world.redeem(code).status_code == 200  # nothing was used up


def test_silence_is_not_consent_to_a_payment(world: World, shop: Registered) -> None:
    pushed = world.push(shop, scope="openid", authorization_details=json.dumps([PAYMENT]), prompt="none")
    assert pushed.status_code == 201
    world.logged_in = world.person()
    going = world.app.test_client().get(
        f"/oauth/authorize?client_id={shop.client.client_id}&request_uri={pushed.get_json()['request_uri']}"
    )
    assert query_of(going.headers["Location"])["error"] == "consent_required"


def test_the_record_keeps_what_was_shown_for_each_detail(world: World, shop: Registered) -> None:
    approve(world.hub, asked(world, shop, PAYMENT), world.person(), paying(world))
    with world.hub.db.read() as session:
        consent = consents.load(session, consent_of(world).id)
        yes = last_receipt(session, consent.id)
    assert yes is not None
    assert yes.body["shown"]["details"][0]["title"].startswith("Pay 123.50 EUR to “Merchant A”")
    assert isinstance(consent.details[0], PaymentInitiation)


def test_a_device_asks_in_the_same_words_and_the_person_sees_where_it_is(world: World) -> None:
    """RFC 8628 with RFC 9396: the same table, the same page, the same answer."""
    till = with_grant(world, world.register(scopes=["openid", "payments:write"]), grant_types.DEVICE)
    refused = start(world, till, scope="openid", authorization_details=json.dumps([PAYMENT | {"extra": 1}]))
    assert refused.get_json()["error"] == "invalid_authorization_details"
    told = start(world, till, scope="openid", authorization_details=json.dumps([PAYMENT])).get_json()
    handle = type_code(world, told["user_code"])
    shown = open_request(world.hub, handle, world.person())
    assert isinstance(shown, Ask)
    assert shown.wish.is_payment
    assert shown.elsewhere is not None
    approve(world.hub, handle, world.person(), paying(world))
    answer = poll(world, till, told["device_code"]).get_json()
    assert answer["authorization_details"] == [PAYMENT | {"debtorAccount": {"id": world.account}}]
    assert "grant_id" in answer
