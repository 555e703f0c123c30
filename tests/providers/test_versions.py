"""Rows that are stored are read again only where the version of what read them was raised: so whoever makes rows come
out otherwise must raise it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from hub.ledger.normaliser import normaliser_of
from providers import transaction_codes
from providers.model import Transaction
from providers.port import Capabilities
from providers.registry import Institution
from providers.rules import version
from tests.providers import versions
from tests.providers.versions import STANDARDS, Seen, cases_of, difference, read, seen_before, seen_now, version_of

LOOK = "python -m tests.providers.versions"
HOW = f"raise VERSION of the standard (or SHARED in providers/rules/version.py), then: {LOOK}"


@pytest.mark.parametrize("standard", STANDARDS)
def test_no_row_comes_out_otherwise_under_the_same_version(standard: str) -> None:
    found = difference(seen_before()[standard], seen_now(standard))
    assert not found.is_forbidden, f"{len(found.changed)} rows come out otherwise, first {found.changed[0]}: {HOW}"
    assert not found.is_raised, f"the version is another one: {LOOK}"
    assert not found.others, f"rows were added or taken away: {LOOK}"


@pytest.mark.parametrize("standard", STANDARDS)
def test_the_rows_say_something(standard: str) -> None:
    found = [read(standard, json.loads(line)) for line in cases_of(standard)]
    whole = [one for one in found if isinstance(one, Transaction)]
    assert len(whole) > 50
    assert len(whole) > len(found) * 3 / 4
    assert len({one.provenance.get("counterparty") for one in whole}) > 1


def test_a_change_of_the_shared_rules_is_seen_in_every_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {one: seen_now(one) for one in STANDARDS}
    plain = transaction_codes.codes

    def other(*given: Any, **more: Any) -> Any:
        return plain("PMNT-RCDT-ESCT", *given[1:], **more)

    monkeypatch.setattr("providers.rules.engine.codes", other)
    for standard in STANDARDS:
        assert difference(before[standard], seen_now(standard)).is_forbidden, standard
    monkeypatch.setattr(versions, "SHARED", version.SHARED + 1)
    for standard in STANDARDS:
        found = difference(before[standard], seen_now(standard))
        assert found.changed
        assert not found.is_forbidden, standard


def test_new_rows_need_no_new_version() -> None:
    before: Seen = {"version": "1.1", "rows": {"a": "1"}}
    assert not difference(before, {"version": "1.1", "rows": {"a": "1", "b": "2"}}).is_forbidden
    assert difference(before, {"version": "1.1", "rows": {"a": "2", "b": "2"}}).is_forbidden
    assert not difference(before, {"version": "1.2", "rows": {"a": "2"}}).is_forbidden


def test_the_name_that_is_kept_beside_a_row_holds_both_versions() -> None:
    bank = Institution(id="b", name="B", standard="berlin_group", version="1.3.12", country="DE", api={})
    named = normaliser_of(bank, Capabilities("berlin_group", rules_version=versions.VERSIONS["berlin_group"]()))
    assert named == f"berlin_group r{version_of('berlin_group')} 1.3.12"


def test_every_amount_is_told_exactly() -> None:
    assert versions._said(Decimal("1.0")) != versions._said(Decimal("1.00"))
