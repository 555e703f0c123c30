"""What is pushed opens in the browser and nowhere else."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from hub.context import Hub
from hub.notifications.push import sealed, vapid
from hub.notifications.push.sealed import BadKey, receiver, seal, unbase64url
from tests.notifications.push_service import device


def key_of(private: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unbase64url(private), "big"), ec.SECP256R1())


def test_it_is_sealed_as_the_example_of_rfc_8291_appendix_a() -> None:
    to = receiver(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    key, salt = key_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), unbase64url("DGv6ra1nlYgDCS1FRnbzlw")
    assert seal(b"When I grow up, I want to be a watermelon", to, key=key, salt=salt) == unbase64url(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr"
        "u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_another_browser_cannot_open_it_and_the_longest_one_fits_a_record() -> None:
    with device() as mine, device() as other:
        body = seal(b"x" * sealed.MOST_BYTES, receiver(mine.address.p256dh, mine.address.auth))
        assert len(body) == sealed.RECORD_BYTES
        assert mine.opened(body) == b"x" * sealed.MOST_BYTES
        with pytest.raises(InvalidTag):
            other.opened(body)
        with pytest.raises(ValueError, match="at most"):
            seal(b"x" * (sealed.MOST_BYTES + 1), receiver(mine.address.p256dh, mine.address.auth))


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", "BTBZMqHH6r4Tts7J_aSIgg"),
        ("BAAA", "BTBZMqHH6r4Tts7J_aSIgg"),
        ("B" + "A" * 86, "BTBZMqHH6r4Tts7J_aSIgg"),  # a point that is not on the curve
        ("é" * 87, "BTBZMqHH6r4Tts7J_aSIgg"),
        ("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "c2hvcnQ"),
        ("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "a"),
    ],
)
def test_what_no_browser_gives_is_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadKey):
        receiver(p256dh, auth)


def test_the_hub_shows_who_it_is_with_one_key_for_good(hub: Hub) -> None:
    """RFC 8292 2 and 3."""
    header = vapid.authorization(hub, "https://push.example:8443/some/where", hub.clock())
    token, key = (part.split("=", 1)[1] for part in header.removeprefix("vapid ").split(", "))
    assert key == vapid.application_server_key(hub)
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64url(key))
    claims = jwt.decode(token, ECKey.import_key(point), algorithms=["ES256"]).claims
    assert claims["aud"] == "https://push.example:8443"
    assert 0 < claims["exp"] - hub.clock().timestamp() <= 24 * 3600
    assert claims["sub"].startswith(("mailto:", "http"))
