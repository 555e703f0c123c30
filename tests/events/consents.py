"""Apps that hold consents, made at once."""

from collections.abc import Mapping
from datetime import timedelta

from hub.ids import new_id, new_secret
from hub.models.consent import ConsentAccount, ConsentRow
from tests.connections.world import World
from tests.registered import registered


def consent(
    world: World, client_id: str, accounts: Mapping[str, list[str]], *, status: str = "valid", days: int = 90
) -> str:
    """Alice's consent for a new app of this id; ``days`` until its end. Returns the consent's id."""
    now, consent_id = world.clock(), new_id()
    with world.hub.db.write() as session:
        made = registered(session, redirect_uris=["https://app.example/back"], scopes=["openid"], now=now)
        made.client.client_id = client_id
        session.flush()
        session.add(
            ConsentRow(
                id=consent_id,
                psu_id=world.alice,
                client_id=client_id,
                status=status,
                requested=sorted({one for given in accounts.values() for one in given}),
                personal=[],
                valid_until=now + timedelta(days=days),
                created_at=now,
                status_changed_at=now,
                version=1,
                receipt_head="",
                grant_id=new_secret(),
                accounts=[ConsentAccount(account_id=one, permissions=given) for one, given in accounts.items()],
            )
        )
    return consent_id
