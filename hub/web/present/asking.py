"""The consent screen: what an app asks, and the form with which a person answers.

What is shown and what is taken back are made from the same lists, so nothing can be picked that was not offered.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import quote

from werkzeug.datastructures import MultiDict

from consent.model import ACCOUNT_PERMISSIONS, PERSONAL_PERMISSIONS, Permission
from consent.wording import MAX_NAME_LENGTH, Item, Shown, explain, tame
from hub.oauth import interaction
from hub.oauth.decoupled import Elsewhere, Kind
from hub.oauth.interaction import Ask, ClientFacts
from hub.web.format import host
from hub.web.present.security import device
from hub.web.viewmodels import (
    AccountRow,
    App,
    AskedElsewhere,
    Bank,
    Choice,
    ConsentAccount,
    ConsentBank,
    ConsentRequestPage,
    PermissionText,
)

ASKED = "asked"
PERMISSION = "permission:"
"""Begins the name of the fields that fine-tune one account; its id follows."""
HISTORY_DAYS = (30, 90, 365)
DURATION_DAYS = (1, 7, 30, 90, 180)
Group = tuple[Bank, Sequence[AccountRow]]


class Unclear(Exception):
    """The form cannot be taken as it is; the text says why, for the person."""


@dataclass(frozen=True, slots=True)
class Picks:
    """What the form holds, whether or not it can stand. ``permissions``: account id -> ticked, None = untouched."""

    accounts: frozenset[str] = frozenset()
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    history: str = ASKED
    duration: str = ASKED


@dataclass(frozen=True, slots=True)
class Offer:
    """What this request may be answered with: what the app asks for, on these accounts of the person."""

    ask: Ask
    account_ids: frozenset[str]

    @property
    def on_accounts(self) -> frozenset[Permission]:
        return self.ask.permissions & ACCOUNT_PERMISSIONS

    @property
    def personal(self) -> frozenset[Permission]:
        return self.ask.permissions & PERSONAL_PERMISSIONS

    @property
    def is_login_only(self) -> bool:
        return not self.on_accounts

    @property
    def history(self) -> tuple[str, ...]:
        """The values of the form: what was asked for, and shorter spans."""
        if Permission.TRANSACTIONS_READ not in self.ask.permissions:
            return ()
        longest = self.ask.history_days
        return (ASKED, *(str(days) for days in reversed(HISTORY_DAYS) if longest is None or days < longest))

    @property
    def durations(self) -> tuple[str, ...]:
        if self.is_login_only:
            return ()
        return (ASKED, *(str(days) for days in reversed(DURATION_DAYS) if days < self.ask.consent_days))


def read(form: MultiDict[str, str]) -> Picks:
    """What was ticked, as it came. Raises Unclear for a form that no page of ours sends."""
    accounts = form.getlist("account")
    if len(accounts) != len(set(accounts)) or any(len(form.getlist(name)) > 1 for name in ("history", "duration")):
        raise Unclear("The form could not be read. Please choose again.")
    permissions = {
        name.removeprefix(PERMISSION): frozenset(form.getlist(name)) for name in form if name.startswith(PERMISSION)
    }
    return Picks(
        accounts=frozenset(accounts),
        permissions={account: permissions.get(account, frozenset()) for account in {*accounts, *permissions}},
        history=form.get("history", ASKED),
        duration=form.get("duration", ASKED),
    )


def choice(offer: Offer, picks: Picks, now: datetime) -> interaction.Choice:
    """The picks as a decision. Raises Unclear for anything that was not offered."""
    if offer.is_login_only:
        until = now + timedelta(days=offer.ask.consent_days)
        return interaction.Choice(accounts={}, personal=offer.personal, valid_until=until)
    if not picks.accounts <= offer.account_ids:
        raise Unclear("One of the accounts is not among yours. Please choose again.")
    if not picks.accounts:
        raise Unclear("Choose at least one account, or deny.")
    if picks.history not in (offer.history or (ASKED,)) or picks.duration not in offer.durations:
        raise Unclear("That span of time was not on offer. Please choose again.")
    wanted = {account: picks.permissions.get(account, frozenset()) for account in picks.accounts}
    if any(not ticked <= {one.value for one in offer.on_accounts} for ticked in wanted.values()):
        raise Unclear("More was chosen than the app asked for. Please choose again.")
    if not all(wanted.values()):
        raise Unclear("For one of the accounts nothing is ticked. Tick what the app may read, or untick the account.")
    days = offer.ask.consent_days if picks.duration == ASKED else int(picks.duration)
    return interaction.Choice(
        accounts={account: frozenset(map(Permission, ticked)) for account, ticked in wanted.items()},
        personal=offer.personal,
        valid_until=now + timedelta(days=days),
        history_from=_first_day(picks.history, now),
    )


def _app(client: ClientFacts) -> App:
    return App(
        client_id=client.client_id,
        name=tame(client.name, MAX_NAME_LENGTH),
        site=client.site_uri or "",
        verified=client.verified,
        vouched_by=client.vouched_by or "",
        policy=client.policy_uri or "",
        terms=client.tos_uri or "",
    )


def page(
    handle: str, offer: Offer, shown: Shown, groups: Sequence[Group], picks: Picks, *, error: str = ""
) -> ConsentRequestPage:
    client = offer.ask.client
    items = explain(offer.on_accounts)
    return ConsentRequestPage(
        request_id=handle,
        app=_app(client),
        title=shown.headline,
        permissions=tuple(map(permission_text, shown.items)),
        purpose=shown.purpose or "",
        never=shown.limits,
        banks=tuple(
            ConsentBank(bank, tuple(_account(row, items, picks) for row in rows)) for bank, rows in groups if rows
        ),
        history=tuple(
            Choice(value, _span(value, offer.ask.history_days), _note(value), value == picks.history)
            for value in offer.history
        ),
        durations=tuple(
            Choice(value, _days(value, offer.ask.consent_days), _note(value), value == picks.duration)
            for value in offer.durations
        ),
        returns_to=_back_to(offer.ask.redirect_uri),
        elsewhere=_elsewhere(offer.ask.elsewhere),
        connect_path=f"/connect?next={quote(f'/consent/{handle}', safe='')}",
        is_login_only=offer.is_login_only,
        can_approve=offer.is_login_only or bool(offer.account_ids),
        error=error,
    )


def _back_to(redirect_uri: str | None) -> str:
    return "" if redirect_uri is None else host(redirect_uri) or "the app"


def _elsewhere(came_from: Elsewhere | None) -> AskedElsewhere | None:
    if came_from is None:
        return None
    return AskedElsewhere(
        is_device=came_from.kind is Kind.DEVICE,
        at=came_from.asked_at,
        software=device(came_from.user_agent),
        address=came_from.ip_address,
        binding_message=came_from.binding_message or "",
    )


def permission_text(item: Item) -> PermissionText:
    return PermissionText(
        permission=item.permission.value,
        title=item.title,
        explanation=". ".join(item.shows) + ".",
        icon=item.icon,
        limits=tuple(f"{line}." for line in item.hides),
    )


def _account(row: AccountRow, items: Sequence[Item], picks: Picks) -> ConsentAccount:
    """No account is ticked for the person; what is asked for it is, so that one tick answers the question asked."""
    ticked: AbstractSet[str] = picks.permissions.get(row.account_id, frozenset(item.permission.value for item in items))
    return ConsentAccount(
        account=row,
        checked=row.account_id in picks.accounts,
        permissions=tuple(
            Choice(item.permission.value, item.title, checked=item.permission.value in ticked) for item in items
        ),
    )


def _first_day(history: str, now: datetime) -> date | None:
    return None if history == ASKED else now.date() - timedelta(days=int(history))


def _span(value: str, asked_days: int | None) -> str:
    if value == ASKED and asked_days is None:
        return "All your bank gives"
    return {"30": "One month", "90": "Three months", "365": "One year"}.get(value) or f"{asked_days} days"


def _days(value: str, asked_days: int) -> str:
    days = asked_days if value == ASKED else int(value)
    return {1: "One day", 7: "One week", 365: "One year"}.get(days) or f"{days} days"


def _note(value: str) -> str:
    return "What the app asks for" if value == ASKED else ""
