"""The directory over the API: everything is listed, and nothing is promised that is not so."""

from typing import Any

import pytest

from hub.models.connection import Connection
from tests.api.world import World
from tests.people import alice

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def get(world: World, path: str) -> dict[str, Any]:
    """As anybody: the directory is public."""
    answer = world.app.test_client().get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_real_banks_are_listed_as_what_they_are(world: World) -> None:
    one = get(world, "/v1/institutions/hsbc_gb")
    assert (one["status"], one["enabled"], one["health"]) == ("unverified", False, None)
    assert "api.client_id" in one["to_enable"]
    assert one["capabilities"]["history"] == {"days": None, "window_s": 3600, "days_after": 89}
    assert all(fact["source"] and fact["date"] for fact in one["facts"])
    assert "api" not in one, "addresses of interfaces are the operator's business"


def test_pages_neither_lose_nor_repeat_a_bank(world: World) -> None:
    seen: list[str] = []
    path = "/v1/institutions?limit=40"
    while True:
        page = get(world, path)
        seen += [one["id"] for one in page["data"]]
        if page["next"] is None:
            break
        path = f"/v1/institutions?limit=40&after={page['next']}"
    assert len(seen) == len(set(seen))
    assert set(seen) == set(world.hub.institutions)


def test_filters_narrow_together(world: World) -> None:
    def ids(query: str) -> set[str]:
        answer = get(world, f"/v1/institutions?{query}")
        return {one["id"] for one in answer["data"]}

    assert ids("enabled=true&status=sandbox") == {
        "albion",
        "bunyip",
        "cambria",
        "iara",
        "lagoon",
        "lorelei",
        "melusine",
    }
    assert ids("country=BE&standard=stet") == {"beobank_be", "bnp_paribas_fortis_be"}
    assert ids("q=hsbc+business") == {"hsbc_business_gb"}
    assert "n26_de" in ids("pending=false&status=unverified")
    assert "n26_de" not in ids("pending=true")
    assert "lloyds_gb" in ids("resource=direct_debits&country=GB")


def test_health_is_of_banks_that_somebody_linked(world: World) -> None:
    psu_id = alice(world.hub)
    world.link(psu_id, "albion", {"GB33BUKB20201555555555": "GBP"})
    with world.hub.db.write() as session:
        session.query(Connection).update({"last_success_at": world.hub.clock()})
    answer = get(world, "/v1/institutions?enabled=true")
    states = {one["id"]: one["health"] for one in answer["data"]}
    assert (states["albion"], states["lorelei"]) == ("healthy", None)
