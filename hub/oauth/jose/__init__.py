"""Reading what clients sign: assertions, request objects, DPoP proofs. Algorithm lists are explicit (RFC 8725 3.1)."""
