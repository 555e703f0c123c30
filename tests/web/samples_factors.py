"""Samples of the pages of a person's factors, full ones and bare ones."""

from datetime import datetime, timedelta
from typing import Any

from hub.web import viewmodels as v
from hub.web.present import factors

Sample = tuple[str, Any, v.Viewer | None]
_CODES = tuple(f"7Q2M-9XKD-{number:04}-AAAA-BBBB-CCCC" for number in range(10))


def rich(now: datetime, who: v.Viewer, app: v.App, evil: str) -> dict[str, Sample]:
    wrong_code = v.Form({}, {"code": "This is not the code."})
    wrong = v.Form({}, {**wrong_code.errors, "recovery_code": "Nor is this one."})
    keys = (
        v.PasskeyRow("p1", evil, True, now - timedelta(days=90), now - timedelta(hours=3)),
        v.PasskeyRow("p2", "Blue key", False, now - timedelta(days=1)),
    )
    everything = v.LoginSecondPage(wrong, "/consent/r1", "phr", app, True, True, True, now + timedelta(minutes=12))
    email = 'quote"and<tag>@people.example'
    return {
        "login_second": ("login_second.html", everything, None),
        "login_second_passkey": ("login_second.html", v.LoginSecondPage(takes_passkey=True), who),
        "step_up_codes": ("step_up.html", v.StepUpPage("/consent/r1", "phr", app, False, True, True), who),
        "step_up_again": ("step_up.html", v.StepUpPage("/consent/r1", "phr", app, True, False, True), who),
        "passkeys": ("passkeys.html", v.PasskeysPage(keys, v.Form({"name": evil}, {"": "No."}), "/consent/r1"), who),
        "authenticator": (
            "authenticator.html",
            factors.authenticator_page(None, b"0123456789abcdefghij", email, wrong_code, "/consent/r1"),
            who,
        ),
        "authenticator_in_use": ("authenticator.html", v.AuthenticatorPage(since=now - timedelta(days=9)), who),
        "recovery_codes": ("recovery_codes.html", v.RecoveryCodesPage(_CODES, 10, True, "/consent/r1"), who),
        "recovery_codes_left": ("recovery_codes.html", v.RecoveryCodesPage((), 1, True), who),
    }


def bare(who: v.Viewer) -> dict[str, Sample]:
    return {
        "login_second": ("login_second.html", v.LoginSecondPage(), None),
        "step_up": ("step_up.html", v.StepUpPage(), who),
        "passkeys": ("passkeys.html", v.PasskeysPage(has_name=False, host="127.0.0.1:8000"), who),
        "authenticator": ("authenticator.html", v.AuthenticatorPage(), who),
        "recovery_codes": ("recovery_codes.html", v.RecoveryCodesPage(), who),
    }
