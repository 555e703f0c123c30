"""Calling URLs that somebody else chose: a client's keys, its logout and notification endpoints, request_uris.

addresses   which addresses may be called at all
target      a URL taken apart
names       where a host is
shares      how many places a host has, and all that nobody knows together
pinned      one exchange with exactly the address that was checked
fetch       the door: checks the URL, resolves it, bounds everything
door        the same, lent to adapters
"""
