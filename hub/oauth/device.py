"""The device authorization endpoint (RFC 8628): a device without a browser asks for a code, its owner types it here.

The user code is short because a person types it on another device. What makes up for that: it lives minutes, guesses
are counted by person and by network (hub.identity.throttle), it is kept as a keyed hash, and a right guess shows a
question that names the app and where it asked from; it gives nothing to whoever guessed it.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

from hub.context import Hub
from hub.errors import NotFound, TooMany
from hub.identity import throttle
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.identity.throttle import Locked
from hub.ids import new_secret
from hub.models.decoupled import DecoupledRequest
from hub.oauth import binding, checks, decoupled, grant_types
from hub.oauth.answering import Members
from hub.oauth.asked import asked_by
from hub.oauth.authenticate import CREDENTIALS, Authenticated
from hub.oauth.call import Call
from hub.oauth.decoupled import INTERVAL_S, Kind
from hub.oauth.errors import UnauthorizedClientError
from hub.oauth.parameters import Parameters

PAGE = "/device"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""RFC 8628 6.1: no vowels, so no words; none that looks like another. Eight of them are 34.5 bits."""
LENGTH = 8
FRESH_S = 300
_SECRET = "user-code"  # noqa: S105  # under which hub.keys keeps the key of the hashes


def ask(hub: Hub, call: Call, who: Authenticated, *, origin: Origin) -> Members:
    """RFC 8628 3.1, 3.2. A DPoP proof sent along binds the device_code to its key. Raises OAuth2Error."""
    if grant_types.DEVICE not in who.client.grant_types:
        raise UnauthorizedClientError("The client is not registered for this grant_type.")
    given = {name: value for name, value in call.form.items() if name not in CREDENTIALS}
    asked = asked_by(hub, Parameters(given), client=who.client)
    checks.request_object_holds(asked)
    facts = decoupled.checked(asked)
    if who.policy.holds_data:
        # The classic phishing of this flow has somebody type a code for a stranger's device (RFC 8628 5.4): for money
        # and account data a session of this morning is not enough.
        facts = {**facts, "max_age": FRESH_S}
    jkt = binding.proof_of(hub, call).jkt if call.proofs else None
    device_code, user_code = new_secret(), "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    hashed = _user_code_hash(hub, user_code)
    ttl_s = hub.settings.device_code_ttl_s
    with hub.db.write() as session:
        decoupled.store(
            session,
            who.client,
            kind=Kind.DEVICE,
            secret=device_code,
            facts=facts,
            origin=origin,
            now=call.now,
            ttl_s=ttl_s,
            user_code_hash=hashed,
            dpop_jkt=jkt,
        )
    page = hub.settings.base_url + PAGE
    return {
        "device_code": device_code,
        "user_code": written(user_code),
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={written(user_code)}",
        "expires_in": ttl_s,
        "interval": INTERVAL_S,
    }


def written(user_code: str) -> str:
    """As people read it: WDJB-MJHT."""
    return f"{user_code[: LENGTH // 2]}-{user_code[LENGTH // 2 :]}"


def typed(text: str) -> str:
    """What somebody typed, with small letters and whatever signs they put between, as the code that they mean."""
    return "".join(letter for letter in text.upper() if letter in LETTERS)


def enter(hub: Hub, person: Person, text: str, *, origin: Origin, now: datetime) -> str:
    """The path where this person answers the device. A guess is counted before it is looked at.

    Raises NotFound for a code that is wrong, answered or over; TooMany after too many of those.
    """
    secret = hub.keys.secret(throttle.SECRET_NAME)
    keys = (
        throttle.user_code_network_key(secret, origin, hub.settings),
        throttle.user_code_key(secret, person.psu_id, hub.settings),
    )
    hashed = _user_code_hash(hub, typed(text))
    with hub.db.write() as session:
        claimed = throttle.claim(session, keys, now=now, lock_s=hub.settings.login_lock_s)
        found = None
        if not isinstance(claimed, Locked):
            mine = (DecoupledRequest.kind == Kind.DEVICE.value, DecoupledRequest.user_code_hash == hashed)
            found = next(iter(decoupled.waiting(session, *mine, now=now)), None)
            if found is not None:
                throttle.give_back(session, keys)
    if isinstance(claimed, Locked):
        raise TooMany("Too many wrong codes. Try again later.", retry_after_s=claimed.retry_after_s)
    if found is None:
        raise NotFound(
            "No device waits with this code. Compare it with the device; after some minutes it shows a new one."
        )
    return decoupled.open_page(hub, found, person, now)


def _user_code_hash(hub: Hub, user_code: str) -> str:
    return hmac.new(hub.keys.secret(_SECRET), user_code.encode(), hashlib.sha256).hexdigest()
