"""How often Python looks for objects that hold each other in a circle, which is all that reference counting leaves."""

import gc

AFTER = 50_000
"""New objects between two looks. Python's own 700 is reached within ten rows of a bank, and nothing of a row is a
circle: a tenth of the CPU of a sync went there. What an error's traceback holds waits for some megabytes' worth."""


def look_rarely() -> None:
    """Of what is loaded by now nothing is looked at again. Once, where a process begins its work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(AFTER, *gc.get_threshold()[1:])
