"""The room that decides: what a person allowed a client, and whether one reading of data is covered by it.

Standard library only, no input or output, no clock: data and time are arguments, and every answer is a value that
carries its reason. ``decide.decide`` is the only gate to a person's data; ``lifecycle.move`` the only way a consent
changes; ``receipt.record`` the proof of both.
"""
