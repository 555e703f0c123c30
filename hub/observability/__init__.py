"""What is seen of the hub while it runs: the way of one id, how the banks keep their service, who is alive, figures."""
