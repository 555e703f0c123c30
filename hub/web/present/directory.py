"""Institutions as the directory shows them to people: words instead of members. Pure."""

from collections.abc import Mapping
from datetime import timedelta

from babel import Locale
from babel.dates import format_timedelta

from hub.connections.health import InstitutionHealth
from hub.web.format import LOCALE
from hub.web.viewmodels import Bank, DirectoryEntryPage, DirectoryRow
from providers import profiles
from providers.listing import Listing
from providers.registry import Institution

STANDARDS = {
    "au_cdr": "Consumer Data Right",
    "berlin_group": "Berlin Group",
    "br_openfinance": "Open Finance Brasil",
    "simplefin": "SimpleFIN",
    "stet": "STET",
    "uk_obie": "UK Open Banking",
}
STATES = {
    "verified": "Verified at the bank",
    "unverified": "Unverified against the live bank",
    "sandbox": "A bank to try with",
}
_ACCOUNTS = {
    "CACC": "current accounts",
    "SVGS": "savings",
    "CARD": "cards",
    "LOAN": "loans",
    "MORT": "mortgages",
    "WALT": "wallets",
}
_RESOURCES = {
    "standing_orders": "standing orders",
    "direct_debits": "direct debits",
    "scheduled_payments": "scheduled payments",
    "beneficiaries": "payees",
    "statements": "statements",
    "parties": "holders",
    "products": "products",
    "offers": "offers",
    "confirm_funds": "confirmation of funds",
}
_APPROACHES = {
    "redirect": "on the bank's page",
    "decoupled": "in the bank's app",
    "embedded": "with the bank's password typed elsewhere",
}
TERRITORIES = Locale.parse(LOCALE).territories


def row(one: Institution, states: Mapping[str, InstitutionHealth]) -> DirectoryRow:
    seen = states.get(one.id)
    return DirectoryRow(
        bank=Bank(one.id, one.name, one.colour, one.country),
        place=", ".join(TERRITORIES.get(code, code) for code in one.countries),
        standard=_standard(one),
        status=one.status,
        is_enabled=one.enabled,
        can=tuple(_ACCOUNTS.get(kind.value, kind.value) for kind in one.listing.accounts),
        health="" if seen is None or seen.state == "unknown" else seen.state,
    )


def entry(one: Institution, states: Mapping[str, InstitutionHealth]) -> DirectoryEntryPage:
    listing = one.listing
    told = (
        ("Group", one.group),
        ("Country", ", ".join(TERRITORIES.get(code, code) for code in one.countries)),
        ("BIC", ", ".join(one.bics)),
        ("Standard", _standard(one)),
        ("Accounts", ", ".join(_ACCOUNTS.get(kind.value, kind.value) for kind in listing.accounts)),
        ("Also", ", ".join(_RESOURCES[resource.value] for resource in listing.resources)),
        ("Pending payments", {None: "", True: "shown", False: "not shown"}[listing.pending]),
        ("History", _history(listing)),
        ("You prove who you are", " or ".join(_APPROACHES[approach] for approach in listing.sca)),
        ("Payments", _payments(listing)),
    )
    sites = (("Website", one.website), ("For developers", one.developer_portal))
    return DirectoryEntryPage(
        row=row(one, states),
        facts=tuple((what, words) for what, words in told if words),
        sites=tuple((label, address) for label, address in sites if address),
        to_enable=profiles.to_enable(one),
        notes=listing.notes,
        sources=tuple((fact.source, fact.date) for fact in one.facts),
    )


def _standard(one: Institution) -> str:
    return f"{STANDARDS.get(one.standard, one.standard)} {one.version}".strip()


def _history(listing: Listing) -> str:
    told = listing.history
    parts = [f"{told.days} days at most"] if told.days else []
    if told.window_s:
        window = format_timedelta(timedelta(seconds=told.window_s), threshold=1.5, locale=LOCALE)
        parts.append(f"all of it for {window} after the login")
    if told.days_after:
        parts.append(f"{told.days_after} days after that")
    return ", ".join(parts)


def _payments(listing: Listing) -> str:
    told = listing.payments
    if told is None:
        return ""
    parts = {None: [], "consent": ["made when you agree at the bank"], "submit": ["sent after you agree at the bank"]}[
        told.executes_on
    ]
    if told.debtor_needed:
        parts.append("the account that pays must be named")
    if told.minimum:
        parts.append(f"from {told.minimum}")
    if told.reference_max:
        parts.append(f"references of {told.reference_max} characters")
    return ", ".join(parts)
