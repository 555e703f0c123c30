"""Partner banks for development and tests: separate processes on loopback, spoken to over real HTTP.

Nothing here is imported by the hub, and nothing of the hub is imported here: a simulator that shared code with the
adapter would share its bugs.
"""
