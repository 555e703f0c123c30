"""The person's money: the start page, one account, one transaction. They read it as owner, by the ledger's own gate."""

from collections import Counter

from flask import Blueprint, Response, request

from consent.decide import for_owner
from hub.access import public, signed_in
from hub.connections import service
from hub.connections.state import Status
from hub.context import hub_of_request
from hub.errors import NotFound
from hub.gate import person, someone
from hub.insights import stored
from hub.insights.stored import Meaning
from hub.ledger import history
from hub.ledger.history import HistoryQuery
from hub.ledger.resources.read import every_kind
from hub.oauth import approvals
from hub.web.present import banks, insights, ledger, planned, transaction
from hub.web.present.search import Search
from hub.web.routes import respond
from hub.web.routes.banks import allow_forms_to_end_at
from hub.web.viewmodels import BalanceSeries, ConnectionState, HomePage, LedgerPage, Pager
from providers.model import Money

blueprint = Blueprint("money", __name__)
LATEST = 8
PAGE = 50


@blueprint.get("/")
@public
def home() -> Response:
    who = someone()
    if who is None:
        return respond.page("landing.html")
    hub = hub_of_request()
    now = hub.clock()
    with hub.db.read() as session:
        linked = [one for one in service.list_for(session, who.psu_id) if one.status is not Status.LINKING]
        mine = [one for one in ledger.owned(session, who.psu_id) if not one.is_gone]
        left = {one.id for one in linked if one.status is Status.REVOKED}
        # What a disconnected bank showed last is no longer what the person has.
        current = for_owner(who.psu_id, [one.account_id for one in mine if one.connection_id not in left])
        rows = ledger.account_rows(hub, session, for_owner(who.psu_id, [one.account_id for one in mine]))
        totals = history.totals(session, current, rules=hub.balance_rules)
        course = history.daily_balances(session, current, today=now.date(), rules=hub.balance_rules)
        waiting = len(approvals.waiting(session, who.psu_id, now))
        latest = history.transactions(session, current, HistoryQuery(limit=LATEST)).items
        spent = stored.spending(session, current, first=now.date().replace(day=1), last=now.date())
    # The currency that most of the person's accounts have comes first.
    uses = Counter(money.currency for money in totals.by_account.values())
    currencies = sorted(totals.by_currency, key=lambda currency: (-uses[currency], currency))
    accounts = {one.id: tuple(rows[it.account_id] for it in mine if it.connection_id == one.id) for one in linked}
    institution = {it.account_id: one.institution_id for one in linked for it in mine if it.connection_id == one.id}
    cards = [banks.card(hub, one, accounts[one.id], now) for one in linked if one.id not in left or accounts[one.id]]
    for card in cards:
        if card.state is ConnectionState.NEEDS_PSU:
            allow_forms_to_end_at(hub, card.bank.institution_id)
    return respond.page(
        "home.html",
        HomePage(
            totals=tuple(Money(totals.by_currency[currency], currency) for currency in currencies),
            banks=tuple(sorted(cards, key=lambda card: card.state is ConnectionState.DISCONNECTED)),
            series=tuple(BalanceSeries(currency, course[currency]) for currency in currencies if currency in course),
            transactions=tuple(ledger.transaction_row(hub, row, rows, institution) for row in latest),
            waiting=waiting,
            spent=insights.spent(spent, currencies),
        ),
    )


@blueprint.get("/accounts/<account_id>")
@signed_in
def account(account_id: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        mine = ledger.own(session, who.psu_id)
        raw = history.account(session, mine, account_id)
        only = for_owner(who.psu_id, [account_id])
        row = ledger.account_rows(hub, session, only)[account_id]
        balances = ledger.typed_balances(history.balances(session, only, account_id))
        search = Search.read(request.args)
        found = search.run(lambda query: history.transactions(session, only, query), account_id, limit=PAGE)
        since = ledger.history_since(session, account_id)
        hanging = every_kind(session, hub.sealer, only, account_id)
    return respond.page(
        "ledger.html",
        LedgerPage(
            account=row,
            connection_id=raw["connection_id"],
            bank=banks.bank_of(hub, raw["institution_id"]),
            balances=balances,
            transactions=tuple(ledger.transaction_row(hub, item, {}, {}) for item in found.items),
            filter=search.shown,
            pager=Pager(newer=search.first_page if search.cursor else None, older=search.page_after(found.next_cursor)),
            history_since=since,
            planned=planned.planned(hanging),
            about=planned.about(hanging),
        ),
        status=respond.INVALID if search.shown.errors else 200,
    )


@blueprint.get("/transactions/<transaction_id>")
@signed_in
def one_transaction(transaction_id: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        mine = ledger.own(session, who.psu_id)
        raw = history.transaction(session, mine, transaction_id)
        meaning = Meaning(session, mine)
        movement = meaning.movement(history.row(session, mine, transaction_id))
        account = history.account(session, mine, raw["account_id"])
        try:
            proof = history.provenance(session, hub.sealer, mine, transaction_id)
        except NotFound:  # no raw record was kept for this row
            proof = None
    row = ledger.transaction_row(hub, raw, {}, {})
    bank = banks.bank_of(hub, account["institution_id"])
    category = insights.category_form(movement, meaning.category(movement))
    shown = transaction.transaction_page(raw, row, ledger.account_row(account), bank, proof, category)
    return respond.page("transaction.html", shown)
