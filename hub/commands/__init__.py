"""The operator's commands, a file for each group; hub.cli puts them together."""
