"""JSON that no parser takes is mended where it can mean one thing only, and the rows of its page are read."""

import json
from typing import Any

import pytest

from providers.au_cdr import normalize as au_cdr
from providers.berlin_group import normalize as berlin_group
from providers.br_openfinance import normalize as br_openfinance
from providers.errors import ContractBroken
from providers.mending import mended
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk_obie

SPOILED: list[tuple[bytes, Any]] = [
    (b'{"a":"Rent\nMay","b":1}', {"a": "Rent\nMay", "b": 1}),
    (b'{"a":"Rent\tMay\x00\x1f."}', {"a": "Rent\tMay  ."}),
    (rb'{"a":"cut \ud83d"}', {"a": "cut \ufffd"}),
    (rb'{"a":"\ude00 and \ud83d\ude00"}', {"a": "\ufffd and \U0001f600"}),
    (rb'{"a":"C:\dir \'s \x41 \u12"}', {"a": "C:\\dir 's \\x41 \\u12"}),
    (rb'{"a":"kept \\ud83d \" \/ \u00e9"}', {"a": 'kept \\ud83d " / é'}),
    (b'{"a":[1,2,],"b":{"c":3 , } , }', {"a": [1, 2], "b": {"c": 3}}),
    (b'{"a":NaN,"b":-Infinity,"c":"NaN, [1,]"}', {"a": None, "b": None, "c": "NaN, [1,]"}),
]


@pytest.mark.parametrize(("body", "meant"), SPOILED)
def test_what_can_mean_one_thing_only_is_mended(body: bytes, meant: Any) -> None:
    assert json.loads(mended(body)) == meant


def test_what_is_sound_stays_as_it_is() -> None:
    body = json.dumps({"a": ['x "y" \\ \n é \U0001f600', -1.50e3, None, True, {}]}).encode()
    assert mended(body) == body


MANY = 250_000
CUT_OFF = [b'"' * (MANY + 1), b'"\\' * MANY, b'{"a":"' + b'\\"' * MANY, b"," * MANY + b"x"]


@pytest.mark.parametrize("body", [b'{"a":"b', b'{"a":"b\\', *CUT_OFF, b"{,}", b""])
def test_mending_ends_and_raises_nothing(body: bytes) -> None:
    """Wherever it was cut: a long text with quotes in it took minutes, and a day where it was as long as it may be."""
    assert isinstance(mended(body), bytes)


MONEY = b'{"amount":"1.00","currency":"EUR"}'
PAGES: list[tuple[Any, bytes]] = [
    (berlin_group, b'{"transactions":{"booked":[{"transactionAmount":%s,"creditorName":"A\nB"},]}}' % MONEY),
    (stet, rb'{"transactions":[{"transactionAmount":%s,"creditDebitIndicator":"CRDT","x":"\ud800"}]}' % MONEY),
    (
        uk_obie,
        b'{"Data":{"Transaction":[{"Amount":{"Amount":"1.00","Currency":"GBP"},"CreditDebitIndicator":"Credit","X":NaN}]}}',
    ),
    (au_cdr, rb'{"data":{"transactions":[{"amount":"1.00","description":"C:\dir"}]}}'),
    (br_openfinance, b'{"data":[{"transactionAmount":%s,"creditDebitType":"CREDITO",}]}' % MONEY),
]


@pytest.mark.parametrize(("standard", "body"), PAGES)
def test_a_page_that_a_gateway_spoiled_is_read(standard: Any, body: bytes) -> None:
    for given in (body, json.dumps(body.decode()).encode()):  # and as one JSON string
        page = standard.transactions(given)
        assert ([str(row.money.number) for row in page.transactions], page.rejected) == (["1.00"], ())
        assert json.loads(page.transactions[0].raw)  # what is kept is JSON


@pytest.mark.parametrize("body", [b"{'transactions':[]}", b'{"transactions":{"booked":[', b'"no answer"', b'"'])
def test_what_is_cut_off_or_is_no_json_stays_a_broken_answer(body: bytes) -> None:
    with pytest.raises(ContractBroken):
        berlin_group.transactions(body)
