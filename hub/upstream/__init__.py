"""Logging in at another OpenID provider, a member service's or a bank's, beside the local account.

    catalogue   which providers the operator declared
    provider    one of them at run time: its metadata and keys, fetched and pinned
    id_token    whether an ID token is the provider's word on this very attempt
    exchange    from a code to a proven identity
    attempts    out to the provider, and back
    logins      what a proven identity opens, links and unlinks

The provider learns nothing but that somebody came from here: never the psu_id, never an e-mail address of ours. We keep
its issuer and ``sub``, nothing else. What clients of the hub see stays the pairwise sub of the central customer id.
"""
