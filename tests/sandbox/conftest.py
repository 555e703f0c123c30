"""Both banks as processes, shared by this folder's tests; each test starts without faults."""

from collections.abc import Iterator

import pytest

from tests.sandbox.berlin_tpp import BerlinTpp
from tests.sandbox.processes import TODAY, RunningBank, start
from tests.sandbox.uk_tpp import REDIRECT_URI, Keys, UkTpp


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture(scope="session")
def albion_process(keys: Keys) -> Iterator[RunningBank]:
    bank = start(
        "sandbox.uk", "--control", "--today", TODAY, "--redirect-uri", REDIRECT_URI, "--client-jwks-uri", keys.jwks_uri
    )
    yield bank
    bank.stop()


@pytest.fixture(scope="session")
def lorelei_process() -> Iterator[RunningBank]:
    bank = start("sandbox.berlin", "--control", "--today", TODAY)
    yield bank
    bank.stop()


@pytest.fixture
def albion(albion_process: RunningBank) -> RunningBank:
    albion_process.control("DELETE")
    return albion_process


@pytest.fixture
def lorelei(lorelei_process: RunningBank) -> RunningBank:
    lorelei_process.control("DELETE")
    return lorelei_process


@pytest.fixture
def uk(albion: RunningBank, keys: Keys) -> UkTpp:
    return UkTpp(albion.url, keys)


@pytest.fixture
def berlin(lorelei: RunningBank) -> BerlinTpp:
    return BerlinTpp(lorelei.url)
