"""Every module of the plans in modules.txt has a test of ours that bears its name."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest

from tests.conformance.named import names_of_tests

LISTED = [
    tuple(line.split())
    for line in (Path(__file__).parent / "modules.txt").read_text().splitlines()
    if not line.startswith("#")
]
PLANS = {
    "oidcc-basic": 38,
    "oidcc-formpost-basic": 38,
    "oidcc-config": 1,
    "oidcc-dynamic": 23,
    "oidcc-rp-initiated-logout": 11,
    "oidcc-backchannel-rp-initiated-logout": 2,
    "oidcc-3rdparty-init-login": 2,
    "fapi2-security-profile-final": 56,
    "fapi2-message-signing-final": 70,
    "fapi-ciba-id1": 43,
}
"""How many modules each plan has, by the suite's release 5.2.4."""

CIBA = "fapi-ciba-id1-"
SHARED = {
    CIBA + "ensure-request-object-": "test_fapi_ciba_id1_ensure_request_object_fails",
    CIBA + "ensure-client-assertion-signature-algorithm-in-": (
        "test_fapi_ciba_id1_ensure_client_assertion_signature_algorithm_is_rs256_fails"
    ),
    CIBA + "ping-backchannel-notification-endpoint-": "test_fapi_ciba_id1_ping_backchannel_notification_endpoint",
    CIBA + "ping-with-mtls-ciba-notification-endpoint-": "test_fapi_ciba_id1_ping_backchannel_notification_endpoint",
}
"""How the names of modules begin that share one test, a table -> its name."""


def name_of(module: str, known: Collection[str]) -> str:
    own = "test_" + module.replace("-", "_")
    return own if own in known else next((name for begin, name in SHARED.items() if module.startswith(begin)), own)


def test_the_list_is_whole() -> None:
    assert Counter(plan for plan, _ in LISTED) == PLANS
    assert len(set(LISTED)) == len(LISTED)


@pytest.mark.parametrize("plan", PLANS)
def test_every_module_has_a_test_of_its_name(plan: str) -> None:
    known = names_of_tests()
    names = {module: name_of(module, known) for of_plan, module in LISTED if of_plan == plan}
    assert [module for module, name in names.items() if name not in known] == []


@pytest.mark.parametrize("plan", ["oidcc-basic", "oidcc-config", "oidcc-dynamic", "fapi2-message-signing-final"])
def test_such_a_test_cites_what_it_is_derived_from(plan: str) -> None:
    known = names_of_tests()
    names = ["test_" + module.replace("-", "_") for of_plan, module in LISTED if of_plan == plan]
    assert [name for name in names if not any(any(char.isdigit() for char in text) for text in known[name])] == []
