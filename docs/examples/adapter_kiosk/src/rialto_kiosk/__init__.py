"""Kiosk Bank for Rialto."""
