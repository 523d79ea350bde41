"""The buttons of what is said, as a person finds them."""

from bot.components import Button
from bot.said import Said


def buttons_of(said: Said) -> tuple[Button, ...]:
    """Return all buttons, row by row."""
    return tuple(button for row in said.rows if isinstance(row, tuple) for button in row)
