"""What the token endpoint exchanges, by the names that clients register (RFC 7591 2 and the standards named here)."""

CODE, REFRESH, CLIENT = "authorization_code", "refresh_token", "client_credentials"  # RFC 6749
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628
BACKCHANNEL = "urn:openid:params:grant-type:ciba"  # CIBA Core 1.0
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # RFC 8693
