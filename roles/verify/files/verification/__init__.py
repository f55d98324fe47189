"""Proves that each line of nginx's log arrived everywhere exactly once, and was counted right."""
