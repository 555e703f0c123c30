"""What every reader checks first: that it was let through for this, and that the thing lies within."""

from consent.decide import Allowed
from consent.model import Permission
from hub.errors import NotFound, NotPermitted


def must_cover(allowed: Allowed, *permissions: Permission) -> None:
    """The gate let through one kind of reading; another is a bug of the route, answered like any refusal."""
    if not any(allowed.covers(one) for one in permissions):
        raise NotPermitted("This is not the reading that the consent was asked for.")


def must_hold(allowed: Allowed, account_id: str) -> str:
    """The same id back. Raises NotFound for an account outside, whether it exists or not."""
    if account_id not in allowed.account_ids:
        raise NotFound("No such account.")
    return account_id
