"""What FAPI 1.0 Advanced adds to OAuth, for every standard that builds on it. Not a standard of its own."""
