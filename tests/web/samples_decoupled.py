"""Samples of the pages that answer what was asked elsewhere."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hub.web import viewmodels as v

Sample = tuple[str, Any, v.Viewer | None]
WORDS = "Order 4711-X at Lagoon Budget, till 3, with a message that is as long as one may be: 100 signs."


def rich(now: datetime, who: v.Viewer, evil: str, asks: v.ConsentRequestPage) -> dict[str, Sample]:
    device = v.AskedElsewhere(True, now - timedelta(minutes=2), "Another program", "2001:db8:1234:5678:9abc:def0::17")
    backchannel = v.AskedElsewhere(False, now - timedelta(seconds=20), binding_message=evil)
    away = replace(asks, returns_to="")
    wrong = v.Form({"user_code": evil}, {"user_code": "No device waits with this code."})
    return {
        "device": ("device.html", v.DevicePage(wrong), who),
        "device_link": ("device.html", v.DevicePage(v.Form({"user_code": "WDJB-MJHT"}), came_with_link=True), who),
        "device_locked": ("device.html", v.DevicePage(locked_until=now + timedelta(minutes=15)), who),
        "consent_device": ("consent_request.html", replace(away, elsewhere=device), who),
        "consent_backchannel": ("consent_request.html", replace(away, elsewhere=backchannel), who),
        "approvals": (
            "approvals.html",
            v.ApprovalsPage(
                (
                    v.ApprovalRow("a1", asks.app, now - timedelta(minutes=1), now + timedelta(minutes=4), WORDS),
                    v.ApprovalRow("a2", asks.app, now, now + timedelta(minutes=2), evil),
                )
            ),
            who,
        ),
        "answered": ("answered.html", v.AnsweredPage("Allowed", "Go back to your device.", True), who),
    }


def bare(now: datetime, who: v.Viewer, asks: v.ConsentRequestPage) -> dict[str, Sample]:
    quiet = v.AskedElsewhere(False, now)
    return {
        "device": ("device.html", v.DevicePage(), who),
        "consent_backchannel": ("consent_request.html", replace(asks, returns_to="", elsewhere=quiet), who),
        "approvals": ("approvals.html", v.ApprovalsPage(), who),
        "answered": ("answered.html", v.AnsweredPage("Denied", "The device gets nothing.", False), who),
    }
