"""The authorisation server: OAuth 2.0 (RFC 6749, 9700) and OpenID Connect Core. Each set of rules is one table:

checks.CHECKS             an authorization request, in order
authenticate.METHODS      how a client proves who it is
policy.POLICIES           what each profile demands
token_endpoint.GRANTS     what the token endpoint exchanges
errors                    how all of it is refused, in the codes that Authlib knows
metadata                  what all of this publishes about itself
"""
