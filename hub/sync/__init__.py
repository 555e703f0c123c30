"""Reading the banks: one job per connection, leased, resumable, never inside a transaction while a bank is asked."""
