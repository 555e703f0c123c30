"""The steps of one authorisation, each answered at the bank: what sca.py decides, done.

What survives between two steps is the bank's last answer and how often the PSU was wrong. Their own answers do not:
a password is in memory for one call.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from msgspec import structs

from providers.berlin_group import authorise, sca, wire
from providers.berlin_group.client import Client
from providers.berlin_group.oauth import AuthorisationServer
from providers.berlin_group.versions import Version
from providers.errors import ContractBroken, Refused
from providers.port import Access, LinkStart, LinkState, Psu, Redirect

_MOST_STARTS = 3
_LONGEST_TOLD = 512 * 1024  # most of it a picture
_PARTLY = "Your bank waits for somebody else who must agree to this. When they have, continue here."
_TOLD = msgspec.json.Decoder(wire.Authorisation)


class Steps:
    """``own_origins`` are where a browser may be sent without HTTPS."""

    def __init__(
        self, client: Client, own_origins: tuple[str, ...], oauth: AuthorisationServer | None, version: Version
    ) -> None:
        self._client = client
        self._version = version
        self._oauth = oauth
        self._own_origins = own_origins

    def begin(self, state: LinkState, told: wire.Authorisation, psu: Psu) -> LinkStart:
        """The first step after the bank consent was made."""
        return self._step(state, self._started(state, told, psu))

    def advance(self, state: LinkState, answers: Mapping[str, str], psu: Psu) -> Access | LinkStart:
        """The step after the PSU's ``answers``, or access once the bank says that the consent is valid."""
        told, tries = _TOLD.decode(state.data["told"]), int(state.data["tries"])
        want = sca.wanted(told)
        if want.kind is sca.Kind.WAIT:
            return self._looked(state, told, psu)
        if wrong := sca.missing(answers):
            return self._step(state, told, tries=tries, error=wrong)
        headers = authorise.redirect_headers(state, self._version) if want.method == "POST" else {}
        headers |= sca.psu_headers(answers) | authorise.bearer(state)
        body = sca.body(want.kind, answers)
        said = self._client.authorise(want.method, state.bank_consent_id, want.link, body, headers, psu)
        if said is None:
            if tries + 1 >= sca.MAX_TRIES:
                raise Refused("the PSU's answers were wrong too often", code="psu_credentials_invalid")
            return self._step(state, told, tries=tries + 1, error=sca.WRONG)
        said = self._started(state, _with_status_link(said, told), psu)
        return self._finished(state, said) if sca.is_done(said) else self._step(state, said, tries=tries)

    def _started(self, state: LinkState, told: wire.Authorisation, psu: Psu) -> wire.Authorisation:
        """What the bank says once an authorisation that needs nothing of the PSU is begun."""
        for _ in range(_MOST_STARTS):
            want = sca.wanted(told)
            if want.kind is not sca.Kind.START:
                return told
            headers = authorise.redirect_headers(state, self._version) | authorise.bearer(state)
            said = self._client.authorise("POST", state.bank_consent_id, want.link, b"{}", headers, psu)
            if said is None:
                raise Refused("the bank does not begin an authorisation", code="psu_credentials_invalid")
            told = _with_status_link(said, told)
        raise ContractBroken("the bank begins an authorisation again and again")

    def _looked(self, state: LinkState, told: wire.Authorisation, psu: Psu) -> Access | LinkStart:
        link = wire.link(told.links, "scaStatus")
        if link is not None:
            now = self._client.sca_status(state.bank_consent_id, link, authorise.bearer(state), psu)
            sca.check_status(now.sca_status)
            if not sca.is_done(now):
                return self._step(state, told, error=sca.NOT_YET)
        return self._finished(state, told)

    def _finished(self, state: LinkState, told: wire.Authorisation) -> Access | LinkStart:
        """The PSU has done their part; whether that makes the consent valid, the bank is asked."""
        status = self._client.consent_status(state.bank_consent_id, authorise.bearer(state))
        if status == "partiallyAuthorised":
            return self._step(state, told, error=_PARTLY)
        if status in authorise.UNFINISHED:
            return self._step(state, told, error=sca.NOT_YET)
        return authorise.access(self._client, authorise.granted(state), status, {})

    def _step(self, state: LinkState, told: wire.Authorisation, *, tries: int = 0, error: str = "") -> LinkStart:
        want = sca.wanted(told)
        if want.kind is sca.Kind.REDIRECT:
            return LinkStart(Redirect(authorise.redirect_url(want.link, own_origins=self._own_origins)), state)
        if want.kind is sca.Kind.OAUTH:
            if self._oauth is None:
                raise Refused("the bank wants OAuth, and its file says nothing of it (oauth)", code="oauth_not_set_up")
            return self._oauth.begin(state, self._client.linked(state.bank_consent_id, want.link))
        link = sca.image_link(told) if want.kind is sca.Kind.CODE else None
        image = self._client.picture(state.bank_consent_id, link, authorise.bearer(state)) if link else None
        kept = {"told": msgspec.json.encode(told).decode(), "tries": str(tries)}
        return LinkStart(
            sca.ask(told, want.kind, image=image, error=error), replace(state, data={**state.data, **kept})
        )


def _with_status_link(said: wire.Authorisation, before: wire.Authorisation) -> wire.Authorisation:
    """Not every answer repeats where the status is."""
    known = {name: link for name, link in (before.links or {}).items() if name == "scaStatus"}
    return structs.replace(said, links=known | (said.links or {}))
