"""A key pair for a client whose developer has none at hand. The private half is shown once and kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc.jwk import ECKey

from hub.ids import new_id

ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """``private`` is a JWK as text, to be saved as a file; ``public`` is what is registered."""

    kid: str
    public: Mapping[str, Any]
    private: str = field(repr=False)


def make() -> KeyPair:
    """A P-256 key for ES256, which every profile takes and every library speaks."""
    kid = new_id()
    more = {"kid": kid, "use": "sig", "alg": ALGORITHM}
    made = ECKey.generate_key("P-256")
    private = {**made.as_dict(private=True), **more}
    public = {**made.as_dict(private=False), **more}
    return KeyPair(kid, public, orjson.dumps(private, option=orjson.OPT_INDENT_2).decode())
