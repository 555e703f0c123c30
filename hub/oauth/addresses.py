"""Where the authorisation server's endpoints are."""

AUTHORIZE = "/oauth/authorize"
PAR = "/oauth/par"
TOKEN = "/oauth/token"  # noqa: S105  # an address, not a secret
REVOKE = "/oauth/revoke"
INTROSPECT = "/oauth/introspect"
USERINFO = "/oauth/userinfo"
REGISTER = "/oauth/register"
JWKS = "/oauth/jwks"
OAUTH_METADATA = "/.well-known/oauth-authorization-server"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
OPENID_METADATA = "/.well-known/openid-configuration"
TPP_JWKS = "/.well-known/tpp-jwks.json"
