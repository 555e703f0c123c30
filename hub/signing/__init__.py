"""Signing keys come in lines, one for each (purpose, algorithm), and each key of a line passes through four states:

    next        published, so that whoever caches our JWKS knows it before it signs
    active      signs; at most one in a line
    retiring    signs no more and its private half is wiped; published until what it signed is over
    gone        published no more; the row stays as a record

    lines       which lines there are; making and reading keys
    store       the rows: reading what is published, beginning a line
    rotation    the moves from state to state

What the rest of the hub uses is hub.keys.
"""
