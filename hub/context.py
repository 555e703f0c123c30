"""What one running hub consists of, made once and handed to whoever needs it. No globals, no service locator:
routes reach it through ``hub_of_request()``, everything below them takes its parts as arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from flask import current_app

from hub import keys
from hub.clock import Clock
from hub.clock import now as system_now
from hub.connections.circuit import Circuits
from hub.consents.access import AccessLog
from hub.db import Database
from hub.encryption import EncryptionKeys
from hub.errors import NotFound
from hub.events import catalogue as event_types
from hub.identity import breaches, risk
from hub.identity.passwords import BreachList
from hub.identity.risk import RiskPolicy, UsualPolicy
from hub.keys import KeyRing
from hub.limits import Slots
from hub.oauth.jose.client_keys import ClientKeys
from hub.oauth.jose.nonces import Nonces
from hub.oauth.jose.replay import Replay
from hub.oauth.refusals import Refusals
from hub.observability.figures import Figures
from hub.observability.otlp import Exporter
from hub.observability.recorder import Recorder
from hub.outbound.door import Door
from hub.outbound.fetch import Limits, Outbound
from hub.rates import SharedRates
from hub.sealing import Sealer, sealer_for
from hub.settings import SHIPPED_INSTITUTIONS, Settings, SettingsError
from hub.upstream import catalogue
from hub.upstream.provider import Provider
from providers import profiles
from providers.port import Adapter
from providers.registry import Institution, adapter_for, load_institutions
from providers.rules.profile import Balances
from providers.signing.seal import Seal
from providers.tpp import Tpp

BANK_SLOTS = 8  # half of a web process's threads (hub.web_server.THREADS)


@dataclass(frozen=True)
class Hub:
    settings: Settings
    db: Database
    sealer: Sealer
    clock: Clock
    keys: KeyRing
    institutions: Mapping[str, Institution]
    breach_list: BreachList | None = None
    upstreams: Mapping[str, Provider] = field(default_factory=dict)
    risk: RiskPolicy = field(default_factory=UsualPolicy)

    def __post_init__(self) -> None:
        _ = self.figures  # it listens to the pools, and nobody may begin to while another thread takes a connection

    def close(self) -> None:
        """Write down what is only counted so far, and let go of files and connections.

        The end of a process does it too; a hub that ends before it, as in tests, stays in memory until it is closed.
        """
        for name in ("access_log", "recorder", "replay", "rates"):
            if name in self.__dict__:  # those that nobody used are not made for it
                getattr(self, name).close()
        self.db.dispose()

    @property
    def tpp(self) -> Tpp:
        """Who we are to the banks, with the key that signs at present and those that open."""
        key = self.keys.signing(keys.TPP)
        qwac = self.settings.qwac
        return Tpp(
            client_name="Rialto",
            kid=str(key.kid),
            signing_key_pem=key.as_pem(private=True),
            client_certificate=(str(qwac[0]), str(qwac[1])) if qwac else None,
            qualified_seal=self._qualified_seal,
            opening_keys=self.encryption_keys.opening,
            door=self.door,
            heard=self.recorder.heard,
        )

    @cached_property
    def encryption_keys(self) -> EncryptionKeys:
        """What banks encrypt to."""
        return EncryptionKeys(self.db, self.sealer, self.clock)

    @cached_property
    def _qualified_seal(self) -> Seal | None:
        if self.settings.qseal is None:
            return None
        certificate, key = self.settings.qseal
        return Seal(key.read_bytes(), certificate_pem=certificate.read_bytes())

    @cached_property
    def balance_rules(self) -> Mapping[str, Balances]:
        """What the banks' files say of their balances, by institution id."""
        return {one.id: one.rules.balances for one in self.institutions.values()}

    @cached_property
    def bank_slots(self) -> Slots:
        """For pages that call a bank while the person waits."""
        return Slots(BANK_SLOTS)

    @cached_property
    def door(self) -> Door:
        """For adapters whose addresses people bring: a bank's patience, a stranger's guard."""
        limits = Limits(connect_s=3.0, total_s=30.0, at_once=8, each=4, strangers=4)
        return Door(Outbound(self.settings, limits=limits, logs_hosts=False), self.recorder)

    @cached_property
    def circuits(self) -> Circuits:
        """Which banks are left alone for a moment, since they do not answer."""
        return Circuits(self.clock, is_one_bank=lambda one: self.adapter(one).capabilities.is_one_bank)

    @cached_property
    def access_log(self) -> AccessLog:
        """Counts what clients read."""
        return AccessLog(self.db)

    @cached_property
    def figures(self) -> Figures:
        """What is counted for Prometheus."""
        made = Figures()
        made.watch("write", self.db.writer)
        made.watch("read", self.db.reader)
        if self.db.replica is not None:
            made.watch("replica", self.db.replica.engine)
            self.db.replica.tell = made.replica
        return made

    @cached_property
    def recorder(self) -> Recorder:
        """Hops of each id, and how banks answer."""
        given = self.settings
        collector = Exporter(given.otlp_url, given.otlp_headers) if given.otlp_url else None
        return Recorder(self.db, self.clock, percent=given.trace_percent, figures=self.figures, collector=collector)

    @cached_property
    def client_keys(self) -> ClientKeys:
        """The public keys of clients."""
        return ClientKeys(self.outbound, self.clock)

    @cached_property
    def refusals(self) -> Refusals:
        """Why clients were refused, for their developers."""
        return Refusals(self.db)

    @cached_property
    def dpop_nonces(self) -> Nonces | None:
        """What DPoP proofs must carry (RFC 9449 8), None where the operator does without."""
        return Nonces(self.keys.secret("dpop-nonce")) if self.settings.dpop_nonce else None

    @cached_property
    def outbound(self) -> Outbound:
        """Calls URLs that strangers chose."""
        return Outbound(self.settings)

    @cached_property
    def messenger(self) -> Outbound:
        """Calls the webhooks of apps and the push services of browsers. Its places are as many as the threads that
        call: who gets how many is the jobs' to say, and no app waits for another one's."""
        limits = Limits(connect_s=3.0, total_s=15.0, at_once=136, each=8, strangers=32)
        return Outbound(self.settings, limits=limits, logs_hosts=False)

    @cached_property
    def rates(self) -> SharedRates:
        """How many requests callers may make, over all processes."""
        return SharedRates(self.db)

    @cached_property
    def replay(self) -> Replay:
        """Burns each jti on its first use."""
        return Replay(self.db)

    @cached_property
    def _adapters(self) -> dict[str, tuple[str | None, Adapter]]:
        return {}

    def institution(self, institution_id: str) -> Institution:
        """Raises NotFound if the catalogue has no such bank."""
        if (found := self.institutions.get(institution_id)) is None:
            raise NotFound("No such institution.")
        return found

    def linkable(self, institution_id: str) -> Institution:
        """A bank that people may link here. Raises NotFound for one that is only listed, too."""
        found = self.institution(institution_id)
        if not found.enabled:
            raise NotFound("This hub lists the institution and cannot link it.")
        return found

    @cached_property
    def enabled_institutions(self) -> tuple[Institution, ...]:
        """Those that people may link here, by name."""
        enabled = (one for one in self.institutions.values() if one.enabled)
        return tuple(sorted(enabled, key=lambda one: one.name.casefold()))

    def upstream(self, provider_id: str) -> Provider:
        """A provider at which people may log in. Raises NotFound if none of that name was declared."""
        if (found := self.upstreams.get(provider_id)) is None:
            raise NotFound("No such provider.")
        return found

    def adapter(self, institution_id: str) -> Adapter:
        """The adapter of one bank, one per process until our signing key changes: it keeps its connections open."""
        kid = self.keys.signing(keys.TPP).kid
        known = self._adapters.get(institution_id)
        if known is None or known[0] != kid:
            known = self._adapters[institution_id] = kid, adapter_for(self.institution(institution_id), self.tpp)
        return known[1]


def build(settings: Settings, *, clock: Clock = system_now) -> Hub:
    """Put a hub together. Raises SettingsError if the settings cannot work, CatalogueError if a bank's file is wrong
    or enables a bank and lacks what it takes to call it.
    """
    try:
        event_types.declare(settings.event_type_dirs)
    except (ValueError, OSError) as error:
        raise SettingsError(f"RIALTO_EVENT_TYPES: {error}") from error
    db = Database(settings.database_url, settings.database_replica_url)
    sealer = sealer_for(settings)
    return Hub(
        settings=settings,
        db=db,
        sealer=sealer,
        clock=clock,
        keys=KeyRing(db, sealer, clock),
        institutions=_institutions(settings.institution_dirs),
        breach_list=breaches.of(settings),
        upstreams={one.id: Provider(one) for one in catalogue.load(settings).values()},
        risk=_risk_policy(settings),
    )


def _institutions(directories: tuple[Path, ...]) -> Mapping[str, Institution]:
    return _shipped() if directories == (SHIPPED_INSTITUTIONS,) else _checked(directories)


@cache
def _shipped() -> Mapping[str, Institution]:
    """What is shipped does not change while a process runs."""
    return _checked((SHIPPED_INSTITUTIONS,))


def _checked(directories: tuple[Path, ...]) -> Mapping[str, Institution]:
    found = load_institutions(directories)
    for one in found.values():
        profiles.check(one)
    return found


def _risk_policy(settings: Settings) -> RiskPolicy:
    try:
        return risk.load(settings.risk_policy)
    except ValueError as error:
        raise SettingsError(f"RIALTO_RISK_POLICY: {error}") from error


def hub_of_request() -> Hub:
    """The hub that serves the current request."""
    found = current_app.extensions["rialto"]
    assert isinstance(found, Hub)  # noqa: S101  # put there by create_app, nobody else
    return found
