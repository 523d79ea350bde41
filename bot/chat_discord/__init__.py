"""Discord: the only package that imports discord.py."""

from typing import Final

PLATFORM: Final = "discord"
"""The name under which places and people of Discord are stored."""
