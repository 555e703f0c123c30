"""What an error_description may hold, whoever worded it (RFC 6749 5.2, 4.1.2.1)."""

import json
import re
from collections.abc import Iterator

import pytest

from hub.oauth import authenticate, encryption, response_jwt, wanted_acr
from hub.oauth.errors import InvalidRequestError, OAuthRefusal, printable
from tests.oauth.world import World, query_of

ALLOWED = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*")
FORBIDDEN = ['"', "\\", "é", "\r\n", "\0", "\x7f", "\u202e", "\U0001f4a5", "\ud800"]


def _kinds(parent: type[OAuthRefusal] = OAuthRefusal) -> Iterator[type[OAuthRefusal]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_error_has_a_code_and_a_text_of_its_own_that_may_be_sent() -> None:
    assert {encryption.NoEncryptionKey, response_jwt.NotSignable, wanted_acr.UnmetAuthenticationRequirements} < set(
        _kinds()
    )
    for kind in _kinds():
        assert kind.error, kind
        assert ALLOWED.fullmatch(kind.description or ""), kind


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_may_not_stand_in_a_description_is_written_in_other_characters(text: str) -> None:
    told = InvalidRequestError(f"The member {text} is unknown.").get_error_description()
    assert ALLOWED.fullmatch(told), told
    assert told.startswith("The member ")
    assert told.endswith(" is unknown.")
    assert ALLOWED.fullmatch(authenticate.failed(text).get_error_description())


def test_a_text_that_may_be_sent_is_sent_as_it_is() -> None:
    plain = "".join(map(chr, range(0x20, 0x7F))).replace('"', "").replace("\\", "")
    assert printable(plain) == plain


@pytest.mark.parametrize("text", FORBIDDEN[:-1])
def test_a_clients_own_words_break_no_answer(world: World, text: str) -> None:
    """Members of authorization_details are refused by name, at PAR and through the browser."""
    details = json.dumps([{"type": "account_information", "permissions": ["accounts:read"], f"x{text}": 1}])
    answer = world.push(authorization_details=details)
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_authorization_details"
    assert ALLOWED.fullmatch(answer.get_json()["error_description"])
    claims = json.dumps({"userinfo": text})
    told = query_of(world.ask(world.web, claims=claims).headers["Location"])
    assert (told["error"], bool(ALLOWED.fullmatch(told["error_description"]))) == ("invalid_request", True)
