"""What GET /v1/transactions?limit=100 costs the server, through granian, gate, consent and ledger.

    python -m bench.served [--rows 100000] [--requests 400] [--postgres] [--save]

A hub with one web process is started over a database of ``rows`` transactions; one keep-alive connection asks for the
first, the middle and the last page. CPU is that of the web process (user and system), so neither the client nor, on
PostgreSQL, the database server is in it. The floor in the same run is /livez: the same server, Flask and the rim, and
no work. The rate limit is lifted for the run; everything else is as `make serve` has it.
"""

import argparse
import http.client
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import history as ledger_bench
from bench.process import cpu_s
from consent.model import Permission
from hub import context
from hub.consents import service as consents
from hub.context import Hub
from hub.ids import new_id
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import Grant
from hub.oauth.tokens import mint_access_token
from hub.settings import from_environ
from hub.stack import Stack
from tests import postgres
from tests.oauth.signing import ClientKey

RESULTS = Path(__file__).parent / "results" / "served.txt"
READS = frozenset({Permission.ACCOUNTS_READ, Permission.TRANSACTIONS_READ, Permission.BALANCES_READ})
KEY = ClientKey.make()


def token_for(hub: Hub, psu_id: str, account_ids: tuple[str, ...]) -> str:
    """A client with a consent for all of it."""
    now, client_id, grant_id = hub.clock(), new_id(), new_id()
    scope = " ".join(sorted(READS))
    with hub.db.write() as session:
        session.add(
            Client(
                client_id=client_id,
                name="Bench",
                redirect_uris=[],
                token_endpoint_auth_method="private_key_jwt",
                profile="fapi2",
                jwks=KEY.jwks(),
                grant_types=[],
                scopes=scope.split(),
                sector="bench.example",
                created_at=now,
            )
        )
        session.flush()
        row = consents.propose(
            session,
            psu_id=psu_id,
            client_id=client_id,
            requested=READS,
            purpose=None,
            history_from=None,
            valid_until=now + timedelta(days=90),
            now=now,
        )
        consent = consents.authorise(
            session,
            session.get_one(ConsentRow, row.id),
            accounts=dict.fromkeys(account_ids, READS),
            personal=frozenset(),
            valid_until=now + timedelta(days=90),
            history_from=None,
            now=now,
        )
        session.add(
            Grant(
                id=grant_id,
                client_id=client_id,
                psu_id=psu_id,
                consent_id=consent.id,
                scope=scope,
                auth_time=now,
                created_at=now,
            )
        )
    told = {"authorization_id": grant_id, "consent_id": consent.id}
    cnf = {"jkt": KEY.thumbprint}
    return mint_access_token(hub, client_id=client_id, sub="bench", scope=scope, now=now, cnf=cnf, more=told).value


def measure(stack: Stack, path: str, token: str, requests: int) -> tuple[float, float]:
    """(CPU ms a request of the web process, median wall ms as the client sees it)."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port)
    walls: list[float] = []
    nonce: list[str | None] = [None]

    def proof() -> str:
        url = stack.url + path.partition("?")[0]
        now = datetime.now(UTC)
        return KEY.proof(method="GET", url=url, now=now, access_token=token, nonce=nonce[0])

    def ask() -> None:
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof()}
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        nonce[0] = answer.getheader("DPoP-Nonce") or nonce[0]
        if answer.status == 401 and b"use_dpop_nonce" in body:
            return ask()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {body[:200]!r}")
        walls.append((time.perf_counter() - began) * 1000)

    for _ in range(30):
        ask()
    walls.clear()
    pid = stack.pid("web")
    before = cpu_s(pid)
    for _ in range(requests):
        ask()
    used = cpu_s(pid) - before
    connection.close()
    return used * 1000 / requests, statistics.median(walls)


def run(rows: int, accounts: int, requests: int, database_url: str | None) -> list[str]:
    lines = []
    with tempfile.TemporaryDirectory(prefix="rialto-bench-") as folder:
        environ = {"RIALTO_RATE_LIMIT_PER_MINUTE": "100000000", "RIALTO_LOG_LEVEL": "WARNING"}
        environ |= {"RIALTO_ACCESS_TOKEN_TTL_S": "86400"}
        if database_url:
            environ["DATABASE_URL"] = database_url
        stack = Stack(data_dir=Path(folder), web_workers=1, sandbox=(), environ=environ)
        with stack.up():
            hub = context.build(from_environ(stack.child_environ()))
            allowed, _ = ledger_bench.build(hub.db, rows, accounts=accounts)
            places = ledger_bench.places(hub.db, allowed)
            token = token_for(hub, allowed.psu_id, allowed.account_ids)
            floor, floor_wall = measure(stack, "/livez", token, requests)
            lines.append(f"{'floor: /livez':28} {floor:6.2f} ms CPU   {floor_wall:6.2f} ms at the client")
            for name, after in places.items():
                path = "/v1/transactions?limit=100" + (f"&after={after}" if after else "")
                used, wall = measure(stack, path, token, requests)
                lines.append(
                    f"{f'{name} page, {accounts} account(s)':28} {used:6.2f} ms CPU   {wall:6.2f} ms at the client"
                    f"   {used / floor:5.1f} x floor"
                )
            hub.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--postgres", action="store_true", help="also on a PostgreSQL started for this run")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    report = [f"GET /v1/transactions?limit=100 over {given.rows} rows, {given.requests} requests each, one web process"]
    for accounts in (1, 3):
        report += ["", "SQLite", *run(given.rows, accounts, given.requests, None)]
    if given.postgres:
        with postgres.cluster() as cluster:
            for accounts in (1, 3):
                with postgres.database(cluster, f"bench_{accounts}") as url:
                    report += ["", "PostgreSQL", *run(given.rows, accounts, given.requests, url)]
    text = "\n".join(report)
    print(text)
    if given.save:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
