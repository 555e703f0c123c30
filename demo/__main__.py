"""`make demo`: one login, two foreign banks, one API. Prints what it does and what came of it; exits 0 if all held."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from demo import story
from demo.browser import Browser
from hub.stack import StackError, free_port

console = Console(highlight=False)


@contextlib.contextmanager
def step(words: str) -> Iterator[None]:
    began = time.perf_counter()
    with console.status(words):
        yield
    console.print(f"[green]✓[/] {words} [dim]{time.perf_counter() - began:.1f} s[/]")


def main() -> int:
    console.print("[bold]Rialto[/]: one login, two foreign banks, one API\n")
    try:
        with tempfile.TemporaryDirectory(prefix="rialto-demo-") as folder:
            return _tell(Path(folder))
    except (StackError, RuntimeError) as error:
        console.print(f"[red]✗ {error}[/]")
        return 1


def _tell(folder: Path) -> int:
    hub = story.stack(folder, say=lambda line: console.print(f"[dim]  {line}[/]"))
    person, developer = Browser(), Browser()
    with hub.up():
        app = story.ThirdPartyApp(hub_url=hub.url, port=free_port(), folder=hub.data_dir)
        try:
            with step("Alice signs up, and logs in once"):
                story.sign_up(person, hub.url)
            with step("she links Albion Bank (GB), which speaks UK Open Banking 3.1"):
                story.link_albion(person, hub.url)
                story.wait_for_history(person)
            with step("she links Lorelei Bank (DE), which speaks Berlin Group NextGenPSD2 1.3"):
                story.link_lorelei(person, hub.url)
                story.wait_for_history(person)
            with step("a developer registers the app Nest Egg and starts it"):
                story.sign_up(developer, hub.url, name="Dora", email="dora@people.example")
                story.register_app(developer, hub.url, app)
                app.start()
            everything = story.what_alice_sees(person, hub.url)
            shared = [row["id"] for row in everything if row["name"] in story.SHARED]
            with step(f"Alice lets Nest Egg see {len(shared)} of her {len(everything)} accounts"):
                story.allow(person, app, shared)
            with step("Nest Egg reads balances and history of both banks through one API"):
                status, seen = story.what_the_app_sees(person, app)
                _must(status == 200, f"the app was answered {status}: {seen}")
                _must(sorted(one["id"] for one in seen["accounts"]) == sorted(shared), "exactly the chosen accounts")
            _show(everything, seen)
            with step("Alice revokes: one click"):
                story.revoke(person, hub.url)
            status, refused = story.what_the_app_sees(person, app)
            _must(status == 403, f"the app is shut out, not answered {status}")
            console.print(f"[green]✓[/] Nest Egg asks again and is refused: [yellow]{refused['error']}[/]\n")
            console.print("[bold]That is the whole story.[/] Explore it yourself with: make serve")
            _offer(hub.url)
        finally:
            app.stop()
    return 0


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise RuntimeError(f"the demo expected: {what}")


def _show(everything: list[dict[str, str]], seen: dict[str, Any]) -> None:
    shared = {account["id"] for account in seen["accounts"]}
    accounts = Table(title="\nAlice's accounts, and what Nest Egg may see", title_justify="left")
    for column in ("Bank", "Account", "Balance", "Nest Egg"):
        accounts.add_column(column, justify="right" if column == "Balance" else "left")
    for row in everything:
        sees = "sees it" if row["id"] in shared else "[dim]·[/]"
        accounts.add_row(row["bank"], row["name"], row["balance"], sees)
    console.print(accounts)
    latest = Table(title="\nThe latest transactions, as Nest Egg reads them", title_justify="left")
    for column in ("Date", "With", "Amount", "Status"):
        latest.add_column(column, justify="right" if column == "Amount" else "left")
    for row in seen["transactions"]:
        with_whom = row.get("counterparty_name") or " ".join(row.get("remittance", []))[:40]
        latest.add_row(
            row.get("booking_date") or row.get("value_date") or "",
            with_whom,
            f"{row['amount']} {row['currency']}",
            row["status"],
        )
    console.print(latest)
    console.print()


def _offer(url: str) -> None:
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        return
    if console.input(f"\nKeep this hub up to look around ({url})? [y/N] ").strip().lower() != "y":
        return
    console.print(f"Log in at {url} as {story.EMAIL} with the password {story.PASSWORD}. Ctrl-C closes it.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


if __name__ == "__main__":
    raise SystemExit(main())
