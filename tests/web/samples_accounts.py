"""Samples of the pages about addresses, recovery and logins at other providers."""

from datetime import datetime, timedelta
from typing import Any

from hub.web import viewmodels as v

Sample = tuple[str, Any, v.Viewer | None]
LAGOON = v.ProviderChoice("lagoon", "Lagoon Mobility", "#1d4e89")
ALBION = v.ProviderChoice("albion", "Albion Bank, with a name that is longer than a button", "#7a1f3d")


def rich(now: datetime, who: v.Viewer, evil: str) -> dict[str, Sample]:
    linked = v.LinkedRow("l1", "Lagoon Mobility", now - timedelta(days=40), now - timedelta(hours=2))
    gone = v.LinkedRow("l2", "", now - timedelta(days=400), now - timedelta(days=300))
    no_address = v.Form({"name": evil, "email": evil}, {"email": "We cannot use this e-mail address."})
    return {
        "login_providers": ("login.html", v.LoginPage(next="/consent/r1", providers=(LAGOON, ALBION)), None),
        "register_providers": ("register.html", v.RegisterPage(providers=(LAGOON,)), None),
        "factors_lost_waiting": ("factors_lost.html", v.FactorsLostPage(72, now + timedelta(hours=50)), None),
        "factors_lost_over": ("factors_lost.html", v.FactorsLostPage(72, now, True), None),
        "factors_lost_unverified": ("factors_lost.html", v.FactorsLostPage(72, can_ask=False), None),
        "onward": ("onward.html", v.OnwardPage("https://op.example/authorize?a=b&c=%22", "Lagoon Mobility"), None),
        "upstream_newcomer": ("upstream_newcomer.html", v.NewcomerPage(LAGOON, no_address), None),
        "upstream_link": ("upstream_link.html", v.LinkPage(LAGOON, evil), who),
        "upstream_link_old": ("upstream_link.html", v.LinkPage(ALBION, "alice@lagoon.example", False), who),
        "logins": ("logins.html", v.LoginsPage((linked, gone), (LAGOON, ALBION), False, "This is your only way."), who),
        "password_set": ("password_set.html", v.SetPasswordPage(v.Form({}, {"new_password": "Too short."})), who),
    }


def bare(who: v.Viewer) -> dict[str, Sample]:
    plain = v.ProviderChoice("p", "P")
    return {
        "factors_lost": ("factors_lost.html", v.FactorsLostPage(72), None),
        "onward": ("onward.html", v.OnwardPage("/", "Rialto"), None),
        "upstream_newcomer": ("upstream_newcomer.html", v.NewcomerPage(plain), None),
        "upstream_link": ("upstream_link.html", v.LinkPage(plain), who),
        "logins": ("logins.html", v.LoginsPage(), who),
        "password_set": ("password_set.html", v.SetPasswordPage(), who),
        "security_without_password": (
            "security.html",
            v.SecurityPage(has_password=False, linked_logins=("Lagoon Mobility",), has_providers=True),
            who,
        ),
    }
