"""The authorisation server: OAuth 2.0 (RFC 6749, 9700), OpenID Connect Core, on Authlib's shells.

Authlib gives the grammar (endpoint and grant skeletons, error classes); request parsing, checks, claims and storage
are ours, each set of rules as one table:

    checks.CHECKS             an authorization request, in order
    authenticate.METHODS      how a client proves who it is
    server.TOKEN_GRANTS       what the token endpoint exchanges
    metadata                  what all of this publishes about itself
"""
