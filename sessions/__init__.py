"""Isolated agent sessions, one per key. Knows no chat platform."""
