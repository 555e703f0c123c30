"""TLS for development: authorities of our own, and a server that asks for client certificates. Else a proxy does it."""
