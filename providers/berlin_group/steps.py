"""The steps of one authorisation, each answered at the bank: what sca.py decides, done.

What survives between two steps is the bank's last answer and how often the PSU was wrong. Their own answers do not:
a password is in memory for one call.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from msgspec import structs

from providers.berlin_group import authorise, consent_wire, sca
from providers.berlin_group.client import Client
from providers.berlin_group.consent_wire import Authorisation
from providers.berlin_group.oauth import AuthorisationServer
from providers.berlin_group.passwords import Passwords
from providers.berlin_group.versions import Version
from providers.errors import ContractBroken, Refused
from providers.port import Access, LinkStart, LinkState, Psu, Redirect

_MOST_STARTS = 3
_LONGEST_TOLD = 512 * 1024  # most of it a picture
_PARTLY = "Your bank waits for somebody else who must agree to this. When they have, continue here."
_TOLD = msgspec.json.Decoder(Authorisation)


class Steps:
    """``own_origins`` are where a browser may be sent without HTTPS."""

    def __init__(
        self,
        client: Client,
        own_origins: tuple[str, ...],
        oauth: AuthorisationServer | None,
        passwords: Passwords | None,
        version: Version,
    ) -> None:
        self._client = client
        self._version = version
        self._oauth = oauth
        self._own_origins = own_origins
        self._passwords = passwords

    def begin(self, state: LinkState, told: Authorisation, psu: Psu) -> LinkStart:
        """The first step after the bank consent was made."""
        return self._step(state, self._started(state, told, psu))

    def advance(self, state: LinkState, answers: Mapping[str, str], psu: Psu) -> Access | LinkStart:
        """The step after the PSU's ``answers``, or access once the bank says that the consent is valid."""
        told, tries = _TOLD.decode(state.data["told"]), int(state.data["tries"])
        want = self._wanted(told)
        if want.kind is sca.Kind.WAIT:
            return self._looked(state, told, psu)
        if wrong := sca.missing(answers):
            return self._step(state, told, tries=tries, error=wrong)
        headers = authorise.redirect_headers(state, self._version) if want.method == "POST" else {}
        headers |= sca.psu_headers(answers) | authorise.bearer(state)
        body = self._body(want.kind, answers)
        said = self._client.authorise(want.method, state.bank_consent_id, want.link, body, headers, psu)
        if said is None:
            if tries + 1 >= sca.MAX_TRIES:
                raise Refused("the PSU's answers were wrong too often", code="psu_credentials_invalid")
            return self._step(state, told, tries=tries + 1, error=sca.WRONG)
        said = self._started(state, _with_known_links(said, told), psu)
        return self._finished(state, said) if sca.is_done(said) else self._step(state, said, tries=tries)

    def _started(self, state: LinkState, told: Authorisation, psu: Psu) -> Authorisation:
        """What the bank says once an authorisation that needs nothing of the PSU is begun."""
        for _ in range(_MOST_STARTS):
            want = self._wanted(told)
            if want.kind is not sca.Kind.START:
                return told
            headers = authorise.redirect_headers(state, self._version) | authorise.bearer(state)
            said = self._client.authorise("POST", state.bank_consent_id, want.link, b"{}", headers, psu)
            if said is None:
                raise Refused("the bank does not begin an authorisation", code="psu_credentials_invalid")
            told = _with_known_links(said, told)
        raise ContractBroken("the bank begins an authorisation again and again")

    def _wanted(self, told: Authorisation) -> sca.Wanted:
        return sca.wanted(told, can_encrypt=self._passwords is not None)

    def _body(self, kind: sca.Kind, answers: Mapping[str, str]) -> bytes:
        if self._passwords is None or "password" not in answers:
            return sca.body(kind, answers)
        sent = {**answers, "password": self._passwords.encrypted(answers["password"])}
        return sca.body(kind, sent, is_encrypted=True)

    def returned(self, state: LinkState, given: Access, callback: Mapping[str, str], psu: Psu) -> Access | LinkStart:
        """What a return from the bank makes of the consent. A confirmation code that came along is said back first
        (1.3: the link ``confirmation``); one that the PSU was shown is asked for on our page. A token that OAuth gave
        is the confirmation itself."""
        told = _TOLD.decode(state.data.get("told", "{}"))
        by_oauth = "code_verifier" in state.data
        code = "" if by_oauth else sca.confirmation_code(callback)
        link = consent_wire.link(told.links, "confirmation")
        if link and "error" not in callback and (code or by_oauth):
            self._confirmed(state, link, code, given, psu)
        status = self._client.consent_status(state.bank_consent_id, authorise.bearer(given))
        if status in authorise.UNFINISHED and "error" not in callback and link:
            now = self._status(state, told, authorise.bearer(given), psu)
            if now.sca_status == sca.UNCONFIRMED:
                return self._step(state.onward(authorise.kept_tokens(given)), now)
        return authorise.access(self._client, given, status, callback)

    def _confirmed(self, state: LinkState, link: str, code: str, given: Access, psu: Psu) -> None:
        body = sca.body(sca.Kind.CONFIRM, {"code": code}) if code else b"{}"
        said = self._client.authorise("PUT", state.bank_consent_id, link, body, authorise.bearer(given), psu)
        if said is None:
            raise Refused("the bank does not take its own confirmation code", code="confirmation_refused")
        sca.check_status(said.sca_status)

    def _status(self, state: LinkState, told: Authorisation, bearer: dict[str, str], psu: Psu) -> Authorisation:
        """How far the authorisation is, with the links that are known of it. Where no link leads to the status, it is
        at the resource that is confirmed."""
        link = consent_wire.link(told.links, "scaStatus") or consent_wire.link(told.links, "confirmation") or ""
        now = self._client.sca_status(state.bank_consent_id, link, bearer, psu)
        sca.check_status(now.sca_status)
        return _with_known_links(now, told)

    def _looked(self, state: LinkState, told: Authorisation, psu: Psu) -> Access | LinkStart:
        if consent_wire.link(told.links, "scaStatus") is not None:
            now = self._status(state, told, authorise.bearer(state), psu)
            if now.sca_status == sca.UNCONFIRMED:
                return self._step(state, now)
            if not sca.is_done(now):
                return self._step(state, told, error=sca.NOT_YET)
        return self._finished(state, told)

    def _finished(self, state: LinkState, told: Authorisation) -> Access | LinkStart:
        """The PSU has done their part; whether that makes the consent valid, the bank is asked."""
        status = self._client.consent_status(state.bank_consent_id, authorise.bearer(state))
        if status == "partiallyAuthorised":
            return self._step(state, told, error=_PARTLY)
        if status in authorise.UNFINISHED:
            return self._step(state, told, error=sca.NOT_YET)
        return authorise.access(self._client, authorise.granted(state), status, {})

    def _step(self, state: LinkState, told: Authorisation, *, tries: int = 0, error: str = "") -> LinkStart:
        want = self._wanted(told)
        if want.kind is sca.Kind.REDIRECT:
            url = authorise.redirect_url(want.link, own_origins=self._own_origins)
            return LinkStart(Redirect(url), replace(state, data={**state.data, **_afterwards(told)}))
        if want.kind is sca.Kind.OAUTH:
            if self._oauth is None:
                raise Refused("the bank wants OAuth, and its file says nothing of it (oauth)", code="oauth_not_set_up")
            start = self._oauth.begin(state, self._client.linked(state.bank_consent_id, want.link))
            return replace(start, state=replace(start.state, data={**start.state.data, **_afterwards(told)}))
        link = sca.image_link(told) if want.kind is sca.Kind.CODE else None
        image = self._client.picture(state.bank_consent_id, link, authorise.bearer(state)) if link else None
        kept = {"told": _kept(told), "tries": str(tries)}
        return LinkStart(
            sca.ask(told, want.kind, image=image, error=error), replace(state, data={**state.data, **kept})
        )


def _kept(told: Authorisation) -> str:
    """Raises ContractBroken for more than an authorisation can have to say: it is kept until the next step."""
    written = msgspec.json.encode(told)
    if len(written) > _LONGEST_TOLD:
        raise ContractBroken("the step of the authorisation is too large")
    return written.decode()


def _with_known_links(said: Authorisation, before: Authorisation) -> Authorisation:
    """Not every answer repeats where the status is, and where a confirmation goes."""
    return structs.replace(said, links=_lasting(before) | (said.links or {}))


def _lasting(told: Authorisation) -> dict[str, msgspec.Raw]:
    return {name: link for name, link in (told.links or {}).items() if name in ("scaStatus", "confirmation")}


def _afterwards(told: Authorisation) -> dict[str, str]:
    """What of ``told`` still matters once the PSU is back."""
    links = _lasting(told)
    return {"told": msgspec.json.encode(Authorisation(links=links)).decode()} if links else {}
