"""Web push: to the browsers that a person told to take notifications, sealed for each (RFC 8030, 8291, 8292)."""
