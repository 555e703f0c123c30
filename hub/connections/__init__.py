"""Linking a person to a bank: begin, come back, renew, disconnect. What is read over the link is hub.sync's job."""
