"""STET PSD2 API 1.4 to 1.6: the French banks' standard, account information and funds confirmation."""
