"""What the token endpoint exchanges, one grant type a file. Each claims first and issues afterwards."""
