"""Client libraries that others wrote, driving the whole FAPI 2.0 flow against a hub over real sockets and TLS."""
