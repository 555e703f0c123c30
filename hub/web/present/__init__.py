"""Rows and values of the services as the view models of the pages. Words and order, no decisions."""
