"""What a person is told by mail about the ways into their account."""

from sqlalchemy import update

from hub.context import Hub
from hub.identity.activity import ALARMING, Kind
from hub.identity.factors import notice, passkeys, recovery_codes, totp_enrolment
from hub.identity.second_step import by_recovery_code
from hub.models.psu import Psu
from tests.identity.factors.authenticator import Authenticator
from tests.identity.factors.steps import as_now, by_passkey, enrol_app, enrol_passkey
from tests.identity.steps import HERE, attempt, elsewhere, half_open, log_in
from tests.mail.letters import delivered
from tests.people import PASSWORD, alice

ALICE = "alice@people.example"


def verify(hub: Hub, psu_id: str) -> None:
    with hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == psu_id).values(email_verified_at=hub.clock()))


def told(hub: Hub) -> list[str]:
    """The first words of each mail."""
    mails = delivered(hub)
    assert {mail["To"] for mail in mails} <= {ALICE}
    return sorted(mail.get_content().split(" on ")[0] for mail in mails)


def test_every_change_and_every_use_of_a_recovery_code_is_told(hub: Hub) -> None:
    psu_id = alice(hub)
    verify(hub, psu_id)
    person, _ = log_in(hub)
    passkey_id = enrol_passkey(hub, person, Authenticator())
    assert told(hub) == ["A passkey was added"]
    _, person = enrol_app(hub, as_now(hub, person))
    assert told(hub) == ["An authenticator app was added"]
    codes = recovery_codes.make(hub, person, origin=HERE, now=hub.clock())
    assert told(hub) == ["New recovery codes were made"]
    by_recovery_code(hub, half_open(hub), codes[0], origin=HERE, now=hub.clock())
    (mail,) = delivered(hub)
    assert mail.get_content().startswith("A recovery code was used")
    assert f"{hub.settings.base_url}/account\n" in mail.get_content()
    assert codes[0] not in mail.as_string()
    passkeys.remove(hub, person, passkey_id, origin=HERE, now=hub.clock())
    totp_enrolment.remove(hub, person, origin=HERE, now=hub.clock())
    assert told(hub) == ["A passkey was removed", "The authenticator app was removed"]


def test_a_copied_passkey_and_a_new_device_are_told(hub: Hub) -> None:
    psu_id = alice(hub)
    verify(hub, psu_id)
    person, _ = log_in(hub)
    attempt(hub, ALICE, PASSWORD, elsewhere(1))
    assert told(hub) == ["Somebody logged in"]
    key = Authenticator(counter=7)
    enrol_passkey(hub, person, key)
    delivered(hub)
    by_passkey(hub, key)
    assert told(hub) == ["A passkey was refused, because a copy of it seems to be in use"]


def test_an_address_that_nobody_verified_is_told_nothing(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    enrol_passkey(hub, person, Authenticator())
    assert delivered(hub) == []


def test_whatever_is_told_of_a_factor_alarms_on_the_page_too() -> None:
    assert set(notice._WORDS) <= ALARMING
    assert {Kind.PASSKEY_ADDED, Kind.PASSKEY_REMOVED, Kind.TOTP_ADDED, Kind.TOTP_REMOVED} <= set(notice._WORDS)
