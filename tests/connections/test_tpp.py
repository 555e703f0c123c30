"""What banks know us by: our own rotating key, and beside it the certificates that an operator gives us."""

from dataclasses import replace
from pathlib import Path

import pytest

from hub.context import Hub, build
from hub.settings import Settings
from tests.certificates import Authority


def test_without_certificates_there_is_our_own_key(hub: Hub) -> None:
    assert hub.tpp.client_certificate is None
    assert hub.tpp.qualified_seal is None
    assert hub.tpp.seal.kid == hub.tpp.kid


@pytest.mark.usefixtures("hub")
def test_the_operators_certificates_are_what_banks_see(settings: Settings, tmp_path: Path) -> None:
    qwac, qseal = (Authority().issued.write(tmp_path, name) for name in ("qwac", "qseal"))
    made = build(replace(settings, qwac=qwac, qseal=qseal))
    try:
        known = made.tpp
        assert known.client_certificate == (str(qwac[0]), str(qwac[1]))
        seal = known.seal_for("SN={serial},CA={issuer}")
        assert (seal.certificate_pem, seal.key_pem) == (qseal[0].read_bytes(), qseal[1].read_bytes())
        assert known.seal_for("{kid}").key_pem == known.signing_key_pem
        assert "PRIVATE" not in repr(known)
    finally:
        made.close()
