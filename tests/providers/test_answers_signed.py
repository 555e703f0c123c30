"""Answers that a bank must sign: what its own key says of this very request is believed, and nothing else."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtensionOID, NameOID
from msgspec import structs

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ReconsentRequired
from providers.port import Access
from providers.registry import CatalogueError
from tests.certificates import Authority, Issued, self_signed
from tests.providers import tpp
from tests.providers.pages import BERLIN_ACCOUNT

ORGANISATION = "PSDDE-BAFIN-7"
ACCESS = Access("consent-1", None, None)
BODY = json.dumps({"accounts": [BERLIN_ACCOUNT]}).encode()
AUTHORITY, STRANGERS = Authority("Seals"), Authority("Anybody's")
KEY = rsa.generate_private_key(65537, 2048)
OTHER, NEXT = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)


def subject(organisation: str = ORGANISATION) -> x509.Name:
    named = [(NameOID.COMMON_NAME, "Lorelei"), (NameOID.ORGANIZATION_IDENTIFIER, organisation)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in named])


SEAL = AUTHORITY.issue(subject(), key=KEY)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(key: Any, algorithm: str, message: bytes) -> bytes:
    if algorithm == "ES256":
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    hashing: Any = hashes.SHA512() if algorithm in ("rsa-sha512", "hs2019") else hashes.SHA256()
    if algorithm in ("hs2019", "PS256"):
        pss = padding.PSS(padding.MGF1(hashing), hashing.digest_size)
        return key.sign(message, pss, hashing)  # type: ignore[no-any-return]
    return key.sign(message, padding.PKCS1v15(), hashing)  # type: ignore[no-any-return]


@dataclass
class Bank:
    """Answers as a bank does that signs; ``spoil`` is what the attacker does to it on its way."""

    jades: bool = False
    seal: Issued = SEAL
    algorithm: str = ""
    names: tuple[str, ...] = ("digest", "x-request-id", "date")
    body: bytes = BODY
    status: int = 200
    header: dict[str, Any] = field(default_factory=dict)
    parameters: str = ""
    late: timedelta = timedelta(0)
    spoil: Callable[[dict[str, str]], Mapping[str, str | None]] = lambda _headers: {}
    asked: list[requests.PreparedRequest] = field(default_factory=list)

    def __call__(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(request)
        headers = {
            "digest": f"SHA-256={b64(hashlib.sha256(BODY).digest())}",
            "x-request-id": request.headers["X-Request-ID"],
            "date": "Sun, 01 Mar 2026 12:00:00 GMT",
            "(request-target)": f"get {request.path_url}",
        }
        lines = "\n".join(f"{name}: {headers[name]}" for name in self.names).encode()
        headers |= self._jades(lines) if self.jades else self._cavage(lines)
        del headers["(request-target)"]
        changed = {**headers, **self.spoil(headers)}
        return self.status, {name: value for name, value in changed.items() if value is not None}, self.body

    def _cavage(self, lines: bytes) -> dict[str, str]:
        algorithm = self.algorithm or "rsa-sha256"
        signature = b64(sign(self.seal.key, algorithm, lines))
        told = f'keyId="SN=1",algorithm="{algorithm}",headers="{" ".join(self.names)}",signature="{signature}"'
        return {"signature": told + self.parameters, "aspsp-signature-certificate": b64(self.seal.der)}

    def _jades(self, lines: bytes) -> dict[str, str]:
        header = {
            "alg": self.algorithm or "PS256",
            "b64": False,
            "crit": ["sigT", "sigD", "b64"],
            "sigT": (datetime.now(UTC) + self.late).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sigD": {"pars": list(self.names), "mId": "http://uri.etsi.org/19182/HttpHeaders"},
            "x5t#S256": url64(hashlib.sha256(self.seal.der).digest()),
            "x5c": [b64(self.seal.der)],
        } | self.header
        head = url64(json.dumps(header).encode())
        signature = sign(self.seal.key, str(header["alg"]), f"{head}.".encode() + lines)
        return {"x-jws-signature": f"{head}..{url64(signature)}"}


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as one:
        yield one


@pytest.fixture
def pinned(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bank.pem").write_text(self_signed(key=NEXT).pem + SEAL.pem)  # the next one is there already
    return {"certificates": str(tmp_path / "bank.pem")}


@pytest.fixture
def issued(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "issuers.pem").write_text(AUTHORITY.issued.pem)
    return {"issuers": str(tmp_path / "issuers.pem"), "organisation": ORGANISATION}


def read(mock: responses.RequestsMock, bank: Bank, anchors: dict[str, str], **how: Any) -> int:
    """How many accounts are believed."""
    scheme = {"scheme": "jades"} if bank.jades else {}
    institution = tpp.lorelei(answers={"anchors": anchors, **scheme, **how})
    one = BerlinGroupAdapter(institution, tpp.tpp())
    mock.add_callback("GET", f"{tpp.BERLIN}/v1/accounts", callback=bank)
    return len(one.accounts(ACCESS, psu=None))


SOUND: list[Bank] = [
    Bank(),
    Bank(algorithm="rsa-sha512"),
    Bank(algorithm="hs2019"),
    Bank(names=("(request-target)", "x-request-id", "digest")),
    Bank(parameters=",created=1,expires=99999999999"),
    Bank(jades=True),
    Bank(jades=True, algorithm="RS256"),
    Bank(jades=True, names=("x-request-id", "digest", "(request-target)")),
]


@pytest.mark.parametrize("anchors", ["pinned", "issued"])
@pytest.mark.parametrize("bank", SOUND)
def test_what_the_bank_signed_is_read(
    mock: responses.RequestsMock, bank: Bank, anchors: str, request: pytest.FixtureRequest
) -> None:
    assert read(mock, bank, request.getfixturevalue(anchors)) == 1
    assert bank.asked[-1].headers["Accept-Encoding"] == "identity"


def test_a_seal_on_an_elliptic_curve_signs_as_well(mock: responses.RequestsMock, issued: dict[str, str]) -> None:
    assert read(mock, Bank(jades=True, algorithm="ES256", seal=AUTHORITY.issue(subject())), issued) == 1


def without(*names: str) -> Callable[[dict[str, str]], Mapping[str, str | None]]:
    return lambda _headers: dict.fromkeys(names)


def changed(**headers: str) -> Callable[[dict[str, str]], Mapping[str, str | None]]:
    return lambda _headers: {name.replace("_", "-"): value for name, value in headers.items()}


def swapped(old: str, new: str) -> Callable[[dict[str, str]], Mapping[str, str | None]]:
    return lambda headers: {"signature": headers["signature"].replace(old, new)}


OTHERS = f"SHA-256={b64(hashlib.sha256(b'{}').digest())}"
FORGED: list[tuple[str, Bank]] = [
    ("not signed", Bank(spoil=without("signature"))),
    ("not signed", Bank(spoil=changed(signature=""))),
    ("not the one", Bank(body=b'{"accounts": []}')),
    ("not the one", Bank(body=b"{}", spoil=changed(digest="SHA-256=x"))),
    ("does not hold", Bank(body=b"{}", spoil=changed(digest=OTHERS))),
    ("no kind", Bank(spoil=changed(digest="MD5=x"))),
    ("has not", Bank(spoil=without("digest"))),
    ("another request", Bank(spoil=changed(x_request_id="00000000-0000-4000-8000-000000000000"))),
    ("has not", Bank(spoil=without("x-request-id"))),
    ("leaves out digest", Bank(names=("x-request-id",))),
    ("leaves out x-request-id", Bank(names=("digest", "date"))),
    ("does not hold", Bank(spoil=changed(date="Sun, 01 Mar 2026 12:00:01 GMT"))),
    ("leaves out", Bank(spoil=swapped("digest x-request-id", "x-request-id"))),
    ("has not", Bank(spoil=swapped("digest x-request-id", "digest x-request-id x-none"))),
    ("twice", Bank(spoil=swapped("digest x-request-id", "digest digest x-request-id"))),
    ("not allowed", Bank(spoil=swapped("rsa-sha256", "hmac-sha256"))),
    ("not allowed", Bank(spoil=swapped("rsa-sha256", "none"))),
    ("does not hold", Bank(spoil=swapped("rsa-sha256", "rsa-sha512"))),
    ("out of date", Bank(parameters=",expires=1")),
    ("out of date", Bank(parameters=',expires="soon"')),
    ("out of date", Bank(parameters=',expires="\xb2"')),  # a digit to isdigit(), and no number to int()
    ("cannot be read", Bank(parameters=',headers="digest"')),
    ("cannot be read", Bank(spoil=changed(signature="Bearer x"))),
    ("not Base64", Bank(spoil=swapped('signature="', 'signature="!'))),
    ("not signed", Bank(jades=True, spoil=without("x-jws-signature"))),
    ("not the one", Bank(jades=True, body=b'{"accounts": []}')),
    ("does not hold", Bank(jades=True, body=b"{}", spoil=changed(digest=OTHERS))),
    ("another request", Bank(jades=True, spoil=changed(x_request_id="x"))),
    ("leaves out digest", Bank(jades=True, names=("x-request-id",))),
    ("just now", Bank(jades=True, late=-timedelta(hours=1))),
    ("just now", Bank(jades=True, late=timedelta(hours=1))),
    ("unencoded", Bank(jades=True, header={"b64": True})),
    ("unencoded", Bank(jades=True, header={"crit": ["sigT", "sigD"]})),
    ("unencoded", Bank(jades=True, header={"crit": ["b64", "sigT", "sigD", "exp"]})),
    ("over HTTP headers", Bank(jades=True, header={"sigD": {"pars": ["digest", "x-request-id"], "mId": "other"}})),
    ("cannot be read", Bank(jades=True, header={"sigT": "yesterday"})),
    ("cannot be read", Bank(jades=True, header={"sigD": None})),
    ("does not hold", Bank(jades=True, header={"x5t#S256": "AAAA"})),
    (
        "does not hold",
        Bank(jades=True, spoil=lambda sent: {"x-jws-signature": sent["x-jws-signature"][:-8] + "AAAAAAAA"}),
    ),
    ("compact", Bank(jades=True, spoil=changed(x_jws_signature="a.b"))),
    ("read", Bank(jades=True, spoil=changed(x_jws_signature="e30..AA"))),
]


@pytest.mark.parametrize("anchors", ["pinned", "issued"])
@pytest.mark.parametrize(("why", "bank"), FORGED)
def test_what_is_not_signed_so_is_not_believed(
    mock: responses.RequestsMock, why: str, bank: Bank, anchors: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(ContractBroken, match=why) as caught:
        read(mock, bank, request.getfixturevalue(anchors))
    assert (caught.value.institution_id, caught.value.step) == ("lorelei", "accounts")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_answer_chooses_an_algorithm_that_proves_nothing(
    mock: responses.RequestsMock, pinned: dict[str, str], algorithm: str
) -> None:
    bank = Bank(jades=True, header={"alg": "PS256"})

    def spoil(headers: dict[str, str]) -> Mapping[str, str | None]:
        head, _, signature = headers["x-jws-signature"].split(".")
        told = json.loads(base64.urlsafe_b64decode(head + "==")) | {"alg": algorithm}
        return {"x-jws-signature": f"{url64(json.dumps(told).encode())}..{signature}"}

    bank.spoil = spoil
    with pytest.raises(ContractBroken, match="does not hold"):
        read(mock, bank, pinned)


def sealed_by(authority: Authority, organisation: str = ORGANISATION, **how: Any) -> Issued:
    return authority.issue(subject(organisation), key=KEY, **how)


# ediPartyName (RFC 5280 4.2.1.6): a kind of name that the library knows of and does not read
RARE_NAME = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, bytes.fromhex("3007a505a1030c0161"))
LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)
STRANGE: list[tuple[str, Issued]] = [
    ("no authority", self_signed(key=KEY)),
    ("no authority", sealed_by(STRANGERS)),
    ("no authority", sealed_by(Authority("Seals"))),  # the name of the right one
    ("another organisation", sealed_by(AUTHORITY, "PSDDE-BAFIN-8")),
    ("another organisation", AUTHORITY.issue("Lorelei", key=KEY)),
    ("out of date", sealed_by(AUTHORITY, valid_until=LONG_AGO)),
    ("out of date", sealed_by(AUTHORITY, valid_from=datetime(2048, 1, 1, tzinfo=UTC))),
    ("not well formed", sealed_by(AUTHORITY, more=[RARE_NAME])),
    ("not one for signing", Issued(AUTHORITY.issued.certificate, KEY)),
]


@pytest.mark.parametrize("jades", [False, True])
@pytest.mark.parametrize(("why", "seal"), STRANGE)
def test_a_certificate_that_comes_along_is_believed_of_the_banks_authority_and_for_the_bank(
    mock: responses.RequestsMock, issued: dict[str, str], why: str, seal: Issued, jades: bool
) -> None:
    with pytest.raises(ContractBroken, match=why):
        read(mock, Bank(jades=jades, seal=seal), issued)


@pytest.mark.parametrize("jades", [False, True])
def test_where_the_bank_is_known_by_its_certificate_no_other_comes_along(
    mock: responses.RequestsMock, pinned: dict[str, str], jades: bool
) -> None:
    """Not even one of the right authority for the right bank, with another key."""
    with pytest.raises(ContractBroken, match="does not hold"):
        read(mock, Bank(jades=jades, seal=AUTHORITY.issue(subject(), key=OTHER)), pinned)


def test_a_certificate_that_must_come_along_and_does_not(mock: responses.RequestsMock, issued: dict[str, str]) -> None:
    with pytest.raises(ContractBroken, match="without its certificate"):
        read(mock, Bank(spoil=without("aspsp-signature-certificate")), issued)
    with pytest.raises(ContractBroken, match="is none"):
        read(mock, Bank(spoil=changed(aspsp_signature_certificate="AAAA")), issued)


def test_a_short_key_signs_nothing(mock: responses.RequestsMock, issued: dict[str, str]) -> None:
    short = AUTHORITY.issue(subject(), key=rsa.generate_private_key(65537, 1024))
    with pytest.raises(ContractBroken, match="does not hold"):
        read(mock, Bank(seal=short), issued)


@pytest.mark.parametrize("refusals", [True, False])
def test_a_refusal_is_signed_as_well_unless_the_file_says_otherwise(
    mock: responses.RequestsMock, pinned: dict[str, str], refusals: bool
) -> None:
    body = json.dumps({"tppMessages": [{"category": "ERROR", "code": "CONSENT_EXPIRED"}]}).encode()
    bank = Bank(status=401, body=body, spoil=without("signature", "digest"))
    with pytest.raises(ContractBroken if refusals else ReconsentRequired):
        read(mock, bank, pinned, refusals=refusals)
    with pytest.raises(ContractBroken):  # never wrongly signed
        read(mock, Bank(status=401, body=body), pinned, refusals=refusals)


def test_what_an_authorisation_server_says_is_not_of_the_interface(
    mock: responses.RequestsMock, pinned: dict[str, str]
) -> None:
    api = {"oauth": {"client_id": "x"}, "pre_step": {"metadata_url": f"{tpp.BERLIN}/meta"}}
    institution = tpp.lorelei(answers={"anchors": pinned}, **api)
    mock.get(
        f"{tpp.BERLIN}/meta", json={"authorization_endpoint": f"{tpp.BERLIN}/a", "token_endpoint": f"{tpp.BERLIN}/t"}
    )
    assert BerlinGroupAdapter(institution, tpp.tpp()).start(tpp.link_request())


@pytest.mark.parametrize(
    "anchors",
    [
        {},
        {"certificates": "/nowhere", "issuers": "/nowhere", "organisation": "x"},
        {"issuers": "/nowhere"},
        {"certificates": "/nowhere", "organisation": "x"},
        {"certificates": "/nowhere"},
        {"certificates": __file__},
    ],
)
def test_a_file_says_whom_to_believe_and_is_there(anchors: dict[str, str]) -> None:
    with pytest.raises(CatalogueError, match="anchors"):
        BerlinGroupAdapter(tpp.lorelei(answers={"anchors": anchors}), tpp.tpp())


def test_version_2_signs_its_answers_with_jades(mock: responses.RequestsMock, pinned: dict[str, str]) -> None:
    institution = structs.replace(tpp.lorelei(answers={"anchors": pinned}), version="2.2")
    mock.add_callback("GET", f"{tpp.BERLIN}/v2/accounts", callback=Bank(jades=True))
    assert BerlinGroupAdapter(institution, tpp.tpp()).accounts(ACCESS, psu=None)
