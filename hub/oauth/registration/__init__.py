"""Registering clients: one validated value, hub.oauth.registration.metadata.Metadata, whoever asks and by whatever way.

members     each metadata member by itself: its type and length
rules       what the members demand of each other, and the profile of all of them
metadata    the two put together
prepare     what has to be fetched or verified before a transaction: sector, keys by URI, software statement
service     rows: register, replace, the client's own registration token
routes      RFC 7591 and RFC 7592 over HTTP
"""
