"""Samples of the developer's pages, full ones and bare ones."""

from datetime import datetime, timedelta
from typing import Any

from hub.oauth.policy import POLICIES, Profile
from hub.oauth.registration import own_key
from hub.web import viewmodels as v
from hub.web.present import developer
from hub.web.present.demands import demands

Sample = tuple[str, Any, v.Viewer | None]
_RIALTO = "https://rialto.example"
_FAPI = demands(POLICIES[Profile.FAPI2_MS])
_KEYS = (v.KeyRow("2026-11", "P-256"), v.KeyRow("next", "RSA"), v.KeyRow("", "P-256", "enc"))


def rich(now: datetime, who: v.Viewer, app: v.App, evil: str) -> dict[str, Sample]:
    wrong = v.Form(
        {"name": evil, "jwks": evil},
        {"redirect_uris": "Give at least one address to come back to.", "jwks": "This is not JSON."},
    )
    data = developer.new_app("bank-data", wrong, developer.USUAL["bank-data"], developer.PASTED)
    sign_in = developer.new_app("sign-in", v.Form(), developer.USUAL["sign-in"], developer.SECRET)
    refusals = (
        v.RefusalRow(
            now - timedelta(minutes=3),
            "/oauth/par",
            "invalid_client",
            'The aud of a client assertion is the string "https://rialto.example" and nothing else.',
            False,
            "0b7d2c1e-6d0e-4a51-9c1b-0a0b0c0d0e0f",
        ),
        v.RefusalRow(now - timedelta(days=1), "/oauth/token", "invalid_grant", evil, True, "0b7d2c1e"),
    )
    page = v.DeveloperAppPage(
        app,
        "Sees accounts or starts payments",
        _FAPI,
        "with a signature by its key (private_key_jwt)",
        keys=_KEYS,
        scopes=("openid", "accounts:read", "balances:read"),
        created_at=now,
        consent_count=12,
        refusals=refusals,
        registered='{\n  "client_name": "</code><script>"\n}',
        form=v.Form({"redirect_uris": "https://budget.example/cb\n" + evil}, wrong.errors),
    )
    with_secret = v.DeveloperAppPage(
        app, "Signs people in", (), "with its secret", has_secret=True, jwks_uri="https://x"
    )
    key = own_key.make().private
    row = v.DeveloperAppRow(app, "Signs people in", now - timedelta(days=9), 12)
    return {
        "developer": ("developer.html", v.DeveloperPage((row,)), who),
        "developer_purpose": ("developer_purpose.html", None, who),
        "developer_new": ("developer_new.html", data, who),
        "developer_new_sign_in": ("developer_new.html", sign_in, who),
        "credentials": (
            "credentials.html",
            v.CredentialsPage(app, _RIALTO, "https://budget.example/cb", "openid", "s3cr3t-0a9f8e7d6c5b4a39"),
            who,
        ),
        "credentials_key": (
            "credentials.html",
            v.CredentialsPage(
                app,
                _RIALTO,
                "https://budget.example/cb",
                "openid",
                private_key=key,
                key_file="a.jwk.json",
                is_fapi=True,
            ),
            who,
        ),
        "developer_app": ("developer_app.html", page, who),
        "developer_app_secret": ("developer_app.html", with_secret, who),
        "guide": ("guide.html", v.GuidePage(_RIALTO), None),
    }


def bare(who: v.Viewer, app: v.App) -> dict[str, Sample]:
    return {
        "developer": ("developer.html", v.DeveloperPage(), who),
        "developer_new": ("developer_new.html", v.NewAppPage("sign-in"), who),
        "credentials": ("credentials.html", v.CredentialsPage(app, "https://r.example", "", ""), who),
        "credentials_public": ("credentials.html", v.CredentialsPage(app, "http://r", "", "", is_public=True), who),
        "developer_app": ("developer_app.html", v.DeveloperAppPage(app, ""), who),
        "guide": ("guide.html", v.GuidePage("http://127.0.0.1:8000"), who),
    }
