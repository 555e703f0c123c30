"""The consent screen: what an app asks, and the form with which a person answers.

What is shown and what is taken back are made from the same lists, so nothing can be picked that was not offered.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import quote

from werkzeug.datastructures import MultiDict

from consent.model import ACCOUNT_PERMISSIONS, HISTORY_PERMISSIONS, PERSONAL_PERMISSIONS, Permission
from consent.succession import How
from consent.wording import MAX_NAME_LENGTH, Item, Shown, explain, tame
from hub.oauth import interaction
from hub.oauth.decoupled import Elsewhere, Kind
from hub.oauth.interaction import Ask, ClientFacts
from hub.oauth.wanted import Wanted
from hub.web.format import host, long_date
from hub.web.present.security import device
from hub.web.viewmodels import (
    AccountRow,
    App,
    AskedElsewhere,
    Bank,
    Choice,
    ConsentAccount,
    ConsentBank,
    ConsentDetail,
    ConsentRequestPage,
    Fact,
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
    def is_payment(self) -> bool:
        return self.ask.wish.is_payment

    @property
    def payable(self) -> frozenset[str]:
        """The accounts that can be picked: all, or for a payment from an account that was named, that one."""
        return self.account_ids if self.ask.payers is None else self.account_ids & self.ask.payers

    @property
    def history(self) -> tuple[str, ...]:
        """The values of the form: what was asked for, and shorter spans. What is added to an older consent that has a
        start of history starts there.
        """
        older = self.ask.older
        adds = older is not None and older.how is How.MERGE and older.consent.holds & HISTORY_PERMISSIONS
        if adds or not self.ask.permissions & HISTORY_PERMISSIONS:
            return ()
        longest = self.ask.wish.history_days
        return (ASKED, *(str(days) for days in reversed(HISTORY_DAYS) if longest is None or days < longest))

    @property
    def durations(self) -> tuple[str, ...]:
        if self.is_login_only or self.is_payment:
            return ()
        return (ASKED, *(str(days) for days in reversed(DURATION_DAYS) if days < self.ask.wish.consent_days))


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
        return interaction.Choice(accounts={}, personal=offer.personal, valid_until=offer.ask.wish.valid_until)
    if not picks.accounts <= offer.payable:
        raise Unclear("One of the accounts is not among yours. Please choose again.")
    if offer.is_payment:
        return _payment(offer, picks)
    if not picks.accounts:
        raise Unclear("Choose at least one account, or deny.")
    if picks.history not in (offer.history or (ASKED,)) or picks.duration not in offer.durations:
        raise Unclear("That span of time was not on offer. Please choose again.")
    wanted = {account: picks.permissions.get(account, frozenset()) for account in picks.accounts}
    if any(not ticked <= {one.value for one in offer.on_accounts} for ticked in wanted.values()):
        raise Unclear("More was chosen than the app asked for. Please choose again.")
    if not all(wanted.values()):
        raise Unclear("For one of the accounts nothing is ticked. Tick what the app may read, or untick the account.")
    by_days = None if picks.duration == ASKED else now + timedelta(days=int(picks.duration))
    return interaction.Choice(
        accounts={account: frozenset(map(Permission, ticked)) for account, ticked in wanted.items()},
        personal=offer.personal,
        valid_until=by_days or offer.ask.wish.valid_until,
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


def _payment(offer: Offer, picks: Picks) -> interaction.Choice:
    if len(picks.accounts) != 1:
        raise Unclear("Choose the one account that pays, or deny.")
    (account,) = picks.accounts
    return interaction.Choice(
        accounts={account: offer.on_accounts}, personal=offer.personal, valid_until=offer.ask.wish.valid_until
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
            ConsentBank(bank, shown_rows)
            for bank, rows in groups
            if (shown_rows := tuple(_account(offer, row, items, picks) for row in rows if _can_pick(offer, row)))
        ),
        history=tuple(
            Choice(value, _span(value, offer.ask.wish), _note(value), value == picks.history) for value in offer.history
        ),
        durations=tuple(
            Choice(value, _length(value, offer.ask.wish), _note(value), value == picks.duration)
            for value in offer.durations
        ),
        returns_to=_back_to(offer.ask.redirect_uri),
        elsewhere=_elsewhere(offer.ask.elsewhere),
        connect_path=f"/connect?next={quote(f'/consent/{handle}', safe='')}",
        is_login_only=offer.is_login_only,
        is_payment=offer.is_payment,
        has_accounts=bool(offer.account_ids),
        can_approve=offer.is_login_only or bool(offer.payable),
        details=tuple(
            ConsentDetail(detail.title, tuple(Fact(fact.label, fact.value) for fact in detail.facts))
            for detail in shown.details
        ),
        standing=shown.standing or "",
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


def _can_pick(offer: Offer, row: AccountRow) -> bool:
    return row.account_id in offer.payable


def _account(offer: Offer, row: AccountRow, items: Sequence[Item], picks: Picks) -> ConsentAccount:
    """No account is ticked for the person; what is asked for it is, so that one tick answers the question asked."""
    ticked: AbstractSet[str] = picks.permissions.get(row.account_id, frozenset(item.permission.value for item in items))
    return ConsentAccount(
        account=row,
        checked=row.account_id in picks.accounts,
        is_wished=row.account_id in offer.ask.wished,
        permissions=tuple(
            Choice(item.permission.value, item.title, checked=item.permission.value in ticked) for item in items
        ),
    )


def _first_day(history: str, now: datetime) -> date | None:
    return None if history == ASKED else now.date() - timedelta(days=int(history))


def _span(value: str, wish: Wanted) -> str:
    if value != ASKED:
        return {"30": "One month", "90": "Three months", "365": "One year"}[value]
    if wish.history_from is None:
        return "All your bank gives"
    return f"Since {long_date(wish.history_from)}" if wish.details else f"{wish.history_days} days"


def _length(value: str, wish: Wanted) -> str:
    days = wish.consent_days if value == ASKED else int(value)
    if value == ASKED and wish.names_end:
        return f"Until {long_date(wish.valid_until.date())}"
    return {1: "One day", 7: "One week", 365: "One year"}.get(days) or f"{days} days"


def _note(value: str) -> str:
    return "What the app asks for" if value == ASKED else ""
