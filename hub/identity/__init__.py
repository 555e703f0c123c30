"""People: how they register, log in, stay logged in and prove again who they are."""
