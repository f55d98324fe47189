"""Checks that each line of nginx's log is in every place exactly once, and that the statistics match."""
