"""Durable work. ``put`` asks for a job in the transaction of the change that needs it; a crew of workers claims what is
due, does it, and takes it away in the transaction of its effects.

    queue.put -> claim (a lease) -> work, the lease kept alive -> holding.finish | postpone | bury

A worker that dies leaves leases that run out; whoever comes late cannot finish any more, since every end of a job
proves its claim first. What is asked of the outside world may therefore happen twice, what is written here does not.
"""

from hub.jobs.kind import Again, GiveUp, Kind
from hub.jobs.queue import NOW, ROUTINE, SOON, put, withdraw

__all__ = ["NOW", "ROUTINE", "SOON", "Again", "GiveUp", "Kind", "put", "withdraw"]
