"""Which factors a person has besides the password, and whether a login showed one of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from hub.db import Reading
from hub.identity import assurance
from hub.models.factor import Passkey, RecoveryCode, Totp


@dataclass(frozen=True, slots=True)
class Enrolled:
    """``totp_since`` is None without an authenticator app. Recovery codes stand in for a factor and are none."""

    passkeys: int
    totp_since: datetime | None
    recovery_codes: int

    @property
    def has_second(self) -> bool:
        return self.passkeys > 0 or self.totp_since is not None

    @property
    def floor(self) -> str:
        """The acr that every login of this person reaches at least."""
        return assurance.TWO_FACTOR if self.has_second else assurance.ONE_FACTOR

    @property
    def ceiling(self) -> str:
        """The strongest acr that this person can reach."""
        return assurance.PHISHING_RESISTANT if self.passkeys else self.floor


def of(reading: Reading, psu_id: str) -> Enrolled:
    """By one statement."""
    passkeys = select(func.count()).select_from(Passkey).where(Passkey.psu_id == psu_id).scalar_subquery()
    since = select(Totp.created_at).where(Totp.psu_id == psu_id).scalar_subquery()
    codes = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.psu_id == psu_id).scalar_subquery()
    row = reading.execute(select(passkeys, since, codes)).one()
    return Enrolled(row[0], row[1], row[2])
