"""The claims parameter (OIDC Core 5.5) as a table."""

import json
from typing import Any

import pytest
from authlib.oauth2.rfc6749.errors import InvalidRequestError

from consent.model import Permission
from hub.identity.assurance import ONE_FACTOR, PHISHING_RESISTANT, TWO_FACTOR
from hub.oauth import claims_parameter as claims

ACR = {"id_token": {"acr": {"essential": True, "values": [TWO_FACTOR, ONE_FACTOR]}}}

NORMAL: list[tuple[Any, Any]] = [
    ({}, {}),
    ({"userinfo": None}, {}),
    ({"userinfo": {"name": None}}, {"userinfo": {"name": {}}}),
    ({"userinfo": {"name": {"essential": True}}}, {"userinfo": {"name": {"essential": True}}}),
    ({"userinfo": {"name": {"essential": False, "x": 1}}}, {"userinfo": {"name": {}}}),
    ({"id_token": {"acr": {"value": "phr"}}}, {"id_token": {"acr": {"values": ["phr"]}}}),
    ({"id_token": {"acr": {"values": ["phr", "phr"]}}}, {"id_token": {"acr": {"values": ["phr"]}}}),
    ({"id_token": {"auth_time": {"essential": True}}}, {"id_token": {"auth_time": {"essential": True}}}),
    # Unknown members, claims and languages are ignored; a value that changes nothing is not kept.
    ({"verified_claims": {"a": [[]]}, "userinfo": {"name#it": None, "shoe_size": {"essential": True}}}, {}),
    ({"userinfo": {"email": {"value": "bob@people.example"}}}, {"userinfo": {"email": {}}}),
]


@pytest.mark.parametrize(("given", "normal"), NORMAL)
def test_what_was_asked_has_one_normal_form(given: Any, normal: Any) -> None:
    assert claims.parse(json.dumps(given)) == normal
    assert claims.parse(given) == normal  # inside a request object it is JSON already
    assert claims.parse(normal) == normal or normal == {}


@pytest.mark.parametrize(
    "given",
    [
        "",
        "null",
        "[]",
        '"name"',
        "{",
        '{"userinfo": []}',
        '{"userinfo": "name"}',
        '{"userinfo": {"name": true}}',
        '{"userinfo": {"name": {"essential": "yes"}}}',
        '{"id_token": {"acr": {"value": 1}}}',
        '{"id_token": {"acr": {"values": "phr"}}}',
        '{"id_token": {"acr": {"values": []}}}',
        '{"id_token": {"acr": {"value": "phr", "values": ["phr"]}}}',
        '{"id_token": {"sub": {"value": null}}}',
        '{"id_token": {"sub": {"value": "' + "x" * 257 + '"}}}',
        json.dumps({"id_token": {"acr": {"values": [str(number) for number in range(17)]}}}),
        "[" * 5000,
        " " * 4097,
    ],
)
def test_what_is_not_a_claims_request_is_an_error(given: str) -> None:
    with pytest.raises(InvalidRequestError):
        claims.parse(given)


@pytest.mark.parametrize(
    ("asked", "permissions"),
    [
        (None, set()),
        ({"userinfo": {"sub": {}}, "id_token": {"acr": {}, "auth_time": {}}}, set()),
        ({"userinfo": {"name": {}}}, {Permission.PROFILE}),
        ({"id_token": {"email_verified": {}}, "userinfo": {"name": {}}}, {Permission.PROFILE, Permission.EMAIL}),
    ],
)
def test_a_claim_is_opened_by_its_permission(asked: Any, permissions: set[Permission]) -> None:
    assert claims.permissions_asked(asked) == permissions


def test_an_acr_is_required_only_where_it_is_essential_and_of_this_login() -> None:
    assert claims.required_acr(ACR) == [TWO_FACTOR, ONE_FACTOR]
    assert claims.preferred_acr(ACR) == []
    voluntary = {"id_token": {"acr": {"values": [TWO_FACTOR]}}}
    assert (claims.required_acr(voluntary), claims.preferred_acr(voluntary)) == ([], [TWO_FACTOR])
    assert claims.required_acr({"userinfo": {"acr": {"essential": True, "values": ["phr"]}}}) == []
    assert claims.required_acr({"id_token": {"acr": {"essential": True}}}) == claims.required_acr(None) == []


@pytest.mark.parametrize(
    ("acr", "told"),
    [(ONE_FACTOR, ONE_FACTOR), (TWO_FACTOR, TWO_FACTOR), (PHISHING_RESISTANT, TWO_FACTOR), (None, None)],
)
def test_an_essential_acr_is_answered_with_one_of_the_asked_values(acr: str | None, told: str | None) -> None:
    assert claims.acr_to_tell(acr, ACR) == told
    assert claims.acr_to_tell(acr, None) == acr


def test_a_login_that_meets_no_asked_value_is_told_as_it_is() -> None:
    assert claims.acr_to_tell(ONE_FACTOR, {"id_token": {"acr": {"essential": True, "values": ["phr"]}}}) == ONE_FACTOR


def test_another_person_than_the_one_asked_for_is_seen() -> None:
    for member in ("userinfo", "id_token"):
        asked = {member: {"sub": {"values": ["alice", "bob"]}}}
        assert not claims.wrong_subject(asked, "alice")
        assert claims.wrong_subject(asked, "charlie")
    assert not claims.wrong_subject({"userinfo": {"sub": {"essential": True}}}, "charlie")
    assert not claims.wrong_subject(None, "charlie")
