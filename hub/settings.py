"""What an operator may set, read once from the environment. Every name is listed in docs/operating/configuration.md."""

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from hub.identity.assurance import ACRS

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK_NETWORKS: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
REGISTRATION = ("closed", "token", "open")
SHIPPED_INSTITUTIONS = Path(__file__).resolve().parent.parent / "providers" / "institutions"


class SettingsError(Exception):
    """A setting is missing or cannot be right. The message says which and what to write instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``base_url`` is the hub's public origin and the OAuth issuer, without a trailing slash.

    Names ending in ``_ttl_s`` are lifetimes in seconds. ``trusted_proxy_hops`` is how many proxies stand in front of
    the hub; with 0 (the default) every X-Forwarded-* header is ignored. ``trusted_proxies`` is where the nearest of
    them calls from. ``mtls_base_url`` is the origin that asks for client certificates, None if the hub has but one.
    ``parties_acr`` and ``parties_max_age_s``: the login that full account numbers and addresses demand ("" and 0: as it
    comes).
    ``dpop_nonce`` 1: DPoP proofs must carry a nonce of ours (RFC 9449 8); 0: the operator does without.
    ``outbound_networks`` and ``outbound_hosts`` may be called beside the public internet where a client names a URL;
    ``import_max_bytes``: a statement file.
    ``operators`` are the e-mail addresses of those who may see /operator.
    ``outbound_ca_file`` holds certificate authorities that are trusted there besides the usual ones.
    ``trace_percent``: so many of a hundred ids are written down whole (hub.observability.recorder). ``otlp_url``: the
    OpenTelemetry collector that gets what is written down.
    ``qwac`` and ``qseal`` are certificate and key (PEM files) that banks know us by: in TLS, and under our messages.
    """

    base_url: str = "http://127.0.0.1:8000"
    database_url: str = field(default="sqlite:///var/rialto.db", repr=False)
    database_replica_url: str = field(default="", repr=False)
    data_dir: Path = Path("var")
    institution_dirs: tuple[Path, ...] = (SHIPPED_INSTITUTIONS,)
    master_keys: str | None = field(default=None, repr=False)
    log_level: str = "INFO"
    trace_percent: int = 10
    otlp_url: str = ""
    otlp_headers: str = field(default="", repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    worker_metrics_port: int = 0
    risk_policy: str = ""
    kafka_brokers: str = ""
    kafka_topic: str = "rialto.events"
    kafka_config: Path | None = field(default=None, repr=False)
    kafka_signals: str = ""
    kafka_sources: Path | None = None
    event_type_dirs: tuple[Path, ...] = ()
    operators: frozenset[str] = frozenset()
    trusted_proxy_hops: int = 0
    trusted_proxies: tuple[Network, ...] = LOOPBACK_NETWORKS
    client_cert_header: str = "Client-Cert"  # RFC 9440
    client_verify_header: str = "X-Client-Verify"
    client_ca_file: Path | None = None
    mtls_base_url: str | None = None
    dpop_nonce: int = 1
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = ""
    breach_list: Path | None = None
    breach_range_url: str | None = None
    upstream_dirs: tuple[Path, ...] = ()
    email_link_ttl_s: int = 60 * 60 * 24 * 3
    email_undo_ttl_s: int = 60 * 60 * 24 * 14
    recovery_link_ttl_s: int = 60 * 20
    factor_recovery_wait_s: int = 60 * 60 * 72
    upstream_attempt_ttl_s: int = 900
    outbound_networks: tuple[Network, ...] = ()
    outbound_hosts: frozenset[str] = frozenset()
    outbound_ca_file: Path | None = None
    qwac: tuple[Path, Path] | None = None
    qseal: tuple[Path, Path] | None = None
    code_ttl_s: int = 60
    parties_acr: str = ""
    parties_max_age_s: int = 0
    access_token_ttl_s: int = 300
    id_token_ttl_s: int = 300
    refresh_token_ttl_s: int = 60 * 60 * 24 * 30
    authorization_request_ttl_s: int = 600
    backchannel_request_ttl_s: int = 600
    device_code_ttl_s: int = 600
    link_attempt_ttl_s: int = 900
    session_idle_ttl_s: int = 60 * 60 * 2
    session_ttl_s: int = 60 * 60 * 12
    consent_default_days: int = 90
    bank_consent_days: int = 180
    history_days: int = 730
    sync_interval_s: int = 60 * 60 * 6  # four unattended reads a day: RTS art. 36(5)(b)
    sync_lease_s: int = 90
    job_lease_s: int = 45
    activity_days: int = 400  # thirteen months, as banks show theirs
    event_days: int = 30
    key_rotation_days: int = 90
    key_publish_ahead_s: int = 60 * 60 * 24
    login_failures_before_lock: int = 5
    login_lock_s: int = 900
    rate_limit_per_minute: int = 600
    registration: str | None = None
    registrations_per_minute: int = 60
    apps_per_developer: int = 25
    require_software_statement: int = 0
    software_statement_max_age_s: int = 3600
    max_body_bytes: int = 256 * 1024
    import_max_bytes: int = 10 * 1024 * 1024

    def __post_init__(self) -> None:
        _check_origin("RIALTO_BASE_URL", self.base_url)
        if self.database_replica_url and not self.database_url.startswith("postgresql"):
            raise SettingsError("DATABASE_REPLICA_URL is a standby of the PostgreSQL that DATABASE_URL names")
        if self.mtls_base_url is not None:
            _check_origin("RIALTO_MTLS_BASE_URL", self.mtls_base_url)
        for name in ("client_cert_header", "client_verify_header"):
            if not _HEADER.fullmatch(getattr(self, name)):
                raise SettingsError(f"RIALTO_{name.upper()} is the name of a header, of letters, digits and dashes")
        if self.log_level.upper() not in LOG_LEVELS:
            raise SettingsError(f"RIALTO_LOG_LEVEL is one of {', '.join(LOG_LEVELS)}")
        if self.metrics_token is not None and len(self.metrics_token) < 20:
            raise SettingsError("RIALTO_METRICS_TOKEN is at least 20 characters; make one with: openssl rand -hex 20")
        if self.trace_percent > 100:
            raise SettingsError("RIALTO_TRACE_PERCENT is between 0 and 100")
        if self.otlp_url and urlsplit(self.otlp_url).scheme not in {"http", "https"}:
            raise SettingsError(
                "OTEL_EXPORTER_OTLP_ENDPOINT is the collector's http(s) address, such as http://otel:4318"
            )
        if self.parties_acr not in {"", *ACRS}:
            raise SettingsError(f"RIALTO_PARTIES_ACR is one of {', '.join(ACRS)}")
        if self.registration not in {None, *REGISTRATION}:
            raise SettingsError(f"RIALTO_REGISTRATION is one of {', '.join(REGISTRATION)}")

    @property
    def secure(self) -> bool:
        """Whether browsers reach the hub by https."""
        return self.base_url.startswith("https://")

    @property
    def local(self) -> bool:
        """Whether only this machine reaches the hub: for development, with or without TLS."""
        return urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def who_registers(self) -> str:
        """Who may register clients by themselves (RFC 7591): one of REGISTRATION. ``token``: with an initial access
        token of the operator's."""
        return self.registration or ("open" if self.local else "token")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which the hub is reached from outside."""
        origins = (self.base_url, self.mtls_base_url)
        return tuple(host for origin in origins if origin and (host := urlsplit(origin).hostname))


_HOST_NAME = re.compile(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)*")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def _check_origin(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query or parts.fragment:
        raise SettingsError(f"{name} is an origin such as https://hub.example, with no path")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingsError(f"{name} must be https unless the hub runs on loopback")


_TEXT = {
    "RIALTO_BASE_URL": "base_url",
    "DATABASE_URL": "database_url",
    "DATABASE_REPLICA_URL": "database_replica_url",
    "RIALTO_MASTER_KEYS": "master_keys",
    "RIALTO_LOG_LEVEL": "log_level",
    "RIALTO_METRICS_TOKEN": "metrics_token",
    "RIALTO_REGISTRATION": "registration",
    "RIALTO_CLIENT_CERT_HEADER": "client_cert_header",
    "RIALTO_CLIENT_VERIFY_HEADER": "client_verify_header",
    "RIALTO_MTLS_BASE_URL": "mtls_base_url",
    "RIALTO_SMTP_URL": "smtp_url",
    "RIALTO_MAIL_FROM": "mail_from",
    "RIALTO_BREACH_RANGE_URL": "breach_range_url",
    "RIALTO_RISK_POLICY": "risk_policy",
    "RIALTO_KAFKA_BROKERS": "kafka_brokers",
    "RIALTO_KAFKA_TOPIC": "kafka_topic",
    "RIALTO_KAFKA_SIGNALS": "kafka_signals",
    "RIALTO_PARTIES_ACR": "parties_acr",
    # OpenTelemetry's own names, which collectors' documentation tells people to set
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otlp_url",
    "OTEL_EXPORTER_OTLP_HEADERS": "otlp_headers",
}
_WHOLE = {f"RIALTO_{name.upper()}": name for name, kind in Settings.__annotations__.items() if kind is int}


def from_environ(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises SettingsError naming the variable that is wrong."""
    env = os.environ if environ is None else environ
    given: dict[str, object] = {field_: env[name] for name, field_ in _TEXT.items() if env.get(name)}
    for name, field_ in _WHOLE.items():
        if text := env.get(name):
            if not text.isdigit():
                raise SettingsError(f"{name} is a whole number, not {text!r}")
            given[field_] = int(text)
    if text := env.get("RIALTO_DATA_DIR"):
        given["data_dir"] = Path(text)
        given.setdefault("database_url", f"sqlite:///{Path(text).resolve() / 'rialto.db'}")
    if text := env.get("RIALTO_TRUSTED_PROXIES"):
        if not given.get("trusted_proxy_hops"):
            raise SettingsError(
                "RIALTO_TRUSTED_PROXIES needs RIALTO_TRUSTED_PROXY_HOPS: how many proxies stand in a row"
            )
        given["trusted_proxies"] = _networks("RIALTO_TRUSTED_PROXIES", text)
    if text := env.get("RIALTO_OUTBOUND_ALLOW"):
        parts = [part.strip().lower() for part in text.split(",")]
        hosts = frozenset(part for part in parts if _HOST_NAME.fullmatch(part))
        others = ",".join(part for part in parts if part not in hosts)
        given["outbound_hosts"] = hosts
        given["outbound_networks"] = _networks("RIALTO_OUTBOUND_ALLOW", others) if others else ()
    if text := env.get("RIALTO_OUTBOUND_CA_FILE"):
        given["outbound_ca_file"] = _authorities("RIALTO_OUTBOUND_CA_FILE", Path(text))
    if text := env.get("RIALTO_KAFKA_CONFIG"):
        given["kafka_config"] = Path(text)
    if text := env.get("RIALTO_KAFKA_SOURCES"):
        given["kafka_sources"] = Path(text)
    if text := env.get("RIALTO_CLIENT_CA_FILE"):
        given["client_ca_file"] = Path(text)
    for name in ("qwac", "qseal"):
        given[name] = _key_pair(env, f"RIALTO_{name.upper()}")
    if text := env.get("RIALTO_INSTITUTIONS"):
        given["institution_dirs"] = (SHIPPED_INSTITUTIONS, *(Path(part) for part in text.split(os.pathsep)))
    if text := env.get("RIALTO_EVENT_TYPES"):
        given["event_type_dirs"] = tuple(Path(part) for part in text.split(os.pathsep))
    if text := env.get("RIALTO_BREACH_LIST"):
        given["breach_list"] = Path(text)
    if text := env.get("RIALTO_OPERATORS"):
        given["operators"] = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    if text := env.get("RIALTO_UPSTREAM_PROVIDERS"):
        given["upstream_dirs"] = tuple(Path(part) for part in text.split(os.pathsep))
    return replace(Settings(), **given)  # type: ignore[arg-type]  # keys and types come from the two tables above


class _Read(dict[str, str]):
    """An environment that remembers which names it was asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def unread(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What is named like a setting and is none, each with the setting that it may be meant to be, or ""."""
    read = _Read(environ)
    from_environ(read)
    strangers = sorted(name for name in environ if name.startswith("RIALTO_") and name not in read.asked)
    return {name: next(iter(get_close_matches(name, read.asked, 1, 0.8)), "") for name in strangers}


def _authorities(name: str, path: Path) -> Path:
    """The path, if TLS can use what is there."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:
        raise SettingsError(f"{name} holds no certificates that can be read: {error.strerror or error}") from error
    return path


def _key_pair(env: Mapping[str, str], name: str) -> tuple[Path, Path] | None:
    """``<name>_CERTIFICATE`` and ``<name>_KEY``, if they belong together and the key needs no password."""
    texts = [env.get(f"{name}_{part}", "") for part in ("CERTIFICATE", "KEY")]
    if not any(texts):
        return None
    if not all(texts):
        raise SettingsError(f"{name}_CERTIFICATE and {name}_KEY go together: name both files")
    certificate, key = map(Path, texts)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name}_CERTIFICATE and {name}_KEY cannot be used: {type(error).__name__}") from None
    return certificate, key


def _no_password() -> str:
    """Instead of a prompt on the terminal."""
    raise ValueError("the key is encrypted")


def _networks(name: str, text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))
    except ValueError as error:
        raise SettingsError(f"{name} is a list such as 10.0.0.0/24,::1: {error}") from error
