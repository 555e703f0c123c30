"""Banque Mélusine (FR): STET PSD2 1.5, account information and funds confirmation, mixed detailed consent."""
