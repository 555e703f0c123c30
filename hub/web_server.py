"""How the web server is started, by `rialto web` and by the development stack alike."""

THREADS = 16
"""Of each process: most of a slow request is waiting, for a bank or for a body; two such must not close the door."""


def granian(host: str, port: int, workers: int) -> tuple[str, ...]:
    """The arguments for our interpreter."""
    return (
        *("-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(THREADS), "--no-ws", "--log-level", "warning"),
        "wsgi:app",
    )
