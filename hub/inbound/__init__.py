"""What banks tell us without being asked: addresses that they call."""
