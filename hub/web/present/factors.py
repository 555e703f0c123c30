"""Factors in words and pictures."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import segno

from hub.identity.factors import totp
from hub.identity.factors.passkeys import Held
from hub.web.viewmodels import AuthenticatorPage, Form, PasskeyRow, PasskeysPage


def passkeys_page(held: Sequence[Held], form: Form, next_path: str, *, has_name: bool, base_url: str) -> PasskeysPage:
    return PasskeysPage(
        passkeys=tuple(
            PasskeyRow(one.passkey_id, one.name, one.is_synced, one.created_at, one.last_used_at) for one in held
        ),
        form=form,
        next=next_path,
        has_name=has_name,
        host=urlsplit(base_url).netloc,
    )


def authenticator_page(
    since: datetime | None, seed: bytes | None, email: str, form: Form, next_path: str
) -> AuthenticatorPage:
    if seed is None:
        return AuthenticatorPage(since=since, form=form, next=next_path)
    address = totp.uri(seed, email)
    return AuthenticatorPage(
        form=form, next=next_path, picture=qr_code(address), seed=totp.seed_text(seed), address=address
    )


def qr_code(text: str) -> str:
    """A ``data:`` address of an SVG, black on white in every colour scheme: cameras want it so."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_data_uri(scale=4, border=4, dark="#000", light="#fff")


def codes_as_text(base_url: str, codes: Sequence[str]) -> str:
    head, foot = f"Recovery codes for {base_url}", "Each works once, in place of your passkey or authenticator app."
    return "\n".join((head, "", *codes, "", foot, ""))
