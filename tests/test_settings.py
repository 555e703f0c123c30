"""Settings come from the environment and say what is wrong with them."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from hub.settings import Settings, SettingsError, from_environ
from tests.certificates import Authority


def test_the_defaults_work_on_loopback() -> None:
    settings = from_environ({})
    assert settings == Settings()
    assert not settings.secure
    assert settings.access_token_ttl_s <= 600
    assert settings.code_ttl_s <= 60


def test_names_are_the_settings_in_capitals() -> None:
    settings = from_environ(
        {
            "RIALTO_BASE_URL": "https://hub.example",
            "DATABASE_URL": "postgresql://x",
            "RIALTO_CODE_TTL_S": "30",
            "RIALTO_INSTITUTIONS": "/one:/two",
        }
    )
    assert settings.secure
    assert settings.code_ttl_s == 30
    assert settings.institution_dirs[1:] == (Path("/one"), Path("/two"))


@pytest.mark.parametrize(
    "environ",
    [
        {"RIALTO_BASE_URL": "hub.example"},
        {"RIALTO_BASE_URL": "http://hub.example"},
        {"RIALTO_BASE_URL": "https://hub.example/"},
        {"RIALTO_BASE_URL": "https://hub.example?x=1"},
        {"RIALTO_CODE_TTL_S": "a minute"},
        {"RIALTO_REGISTRATION": "everybody"},
        {"RIALTO_CODE_TTL_S": "-1"},
        {"RIALTO_OUTBOUND_ALLOW": "10.1.0.1/16"},
        {"RIALTO_OUTBOUND_ALLOW": "https://apps.internal"},
        {"RIALTO_OUTBOUND_ALLOW": "*.internal"},
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        from_environ(environ)


def test_where_clients_urls_may_lead_besides() -> None:
    settings = from_environ({"RIALTO_OUTBOUND_ALLOW": "10.1.0.0/16, Apps.Internal,fd00::/8,192.0.2.7"})
    assert [str(one) for one in settings.outbound_networks] == ["10.1.0.0/16", "fd00::/8", "192.0.2.7/32"]
    assert settings.outbound_hosts == {"apps.internal"}
    assert from_environ({"RIALTO_OUTBOUND_ALLOW": "apps.internal"}).outbound_networks == ()


def test_authorities_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    empty, whole = tmp_path / "empty.pem", Authority().issued.write(tmp_path, "ca")[0]
    empty.touch()
    for path in (empty, tmp_path / "nowhere.pem"):
        with pytest.raises(SettingsError, match="RIALTO_OUTBOUND_CA_FILE"):
            from_environ({"RIALTO_OUTBOUND_CA_FILE": str(path)})
    assert from_environ({"RIALTO_OUTBOUND_CA_FILE": str(whole)}).outbound_ca_file == whole


@pytest.mark.parametrize("name", ["RIALTO_QWAC", "RIALTO_QSEAL"])
def test_a_certificate_for_banks_comes_with_its_key(tmp_path: Path, name: str) -> None:
    certificate, key = Authority().issued.write(tmp_path, "ours")
    another = Authority().issued.write(tmp_path, "another")[1]
    both = {f"{name}_CERTIFICATE": str(certificate), f"{name}_KEY": str(key)}
    settings = from_environ(both)
    assert (settings.qwac or settings.qseal) == (certificate, key)
    assert from_environ({}).qwac is None
    encrypted = tmp_path / "encrypted.key"
    sealed = BestAvailableEncryption(b"hush")
    encrypted.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
    for wrong in (
        {f"{name}_KEY": str(key)},
        {f"{name}_CERTIFICATE": str(certificate)},
        both | {f"{name}_KEY": str(another)},
        both | {f"{name}_KEY": str(encrypted)},
        both | {f"{name}_KEY": str(tmp_path / "nowhere")},
    ):
        with pytest.raises(SettingsError, match=name):
            from_environ(wrong)


def test_keys_are_not_printed() -> None:
    assert "hush" not in repr(Settings(master_keys="hush"))


def test_where_proxies_call_from_is_loopback_unless_it_is_said() -> None:
    assert [str(one) for one in from_environ({}).trusted_proxies] == ["127.0.0.0/8", "::1/128"]
    named = {"RIALTO_TRUSTED_PROXY_HOPS": "1", "RIALTO_TRUSTED_PROXIES": "10.0.0.0/24, 2001:db8::7"}
    assert [str(one) for one in from_environ(named).trusted_proxies] == ["10.0.0.0/24", "2001:db8::7/128"]


@pytest.mark.parametrize(
    "environ",
    [
        {"RIALTO_TRUSTED_PROXIES": "10.0.0.0/24"},  # and no proxy counted
        {"RIALTO_TRUSTED_PROXIES": "10.0.0.0/24", "RIALTO_TRUSTED_PROXY_HOPS": "0"},
        {"RIALTO_TRUSTED_PROXIES": "10.0.0.1/24", "RIALTO_TRUSTED_PROXY_HOPS": "1"},
        {"RIALTO_TRUSTED_PROXIES": "nginx", "RIALTO_TRUSTED_PROXY_HOPS": "1"},
        {"RIALTO_CLIENT_CERT_HEADER": "Client_Cert"},
        {"RIALTO_CLIENT_CERT_HEADER": "Client-Cert:"},
        {"RIALTO_CLIENT_VERIFY_HEADER": "a b"},
        {"RIALTO_MTLS_BASE_URL": "http://mtls.hub.example"},
        {"RIALTO_MTLS_BASE_URL": "https://mtls.hub.example/x"},
    ],
)
def test_a_wrong_setting_of_tls_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        from_environ(environ)


def test_the_host_that_asks_for_certificates_is_a_host_of_ours() -> None:
    both = Settings(base_url="https://hub.example", mtls_base_url="https://mtls.hub.example")
    assert both.hosts == ("hub.example", "mtls.hub.example")
    assert not both.local
    assert Settings(base_url="https://localhost:8443").local


def test_who_may_register_follows_from_where_the_hub_is() -> None:
    assert from_environ({}).who_registers == "open"
    assert from_environ({"RIALTO_BASE_URL": "https://hub.example"}).who_registers == "token"
    assert from_environ({"RIALTO_REGISTRATION": "closed"}).who_registers == "closed"
