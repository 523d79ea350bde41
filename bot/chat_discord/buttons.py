"""Buttons of ours -> a view of discord.py's. Pure."""

from collections.abc import Iterable
from typing import Final

import discord

from bot.chat import Button
from sessions.redaction import Redactor

_STYLES: Final = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "good": discord.ButtonStyle.success,
    "danger": discord.ButtonStyle.danger,
}


def view_of(rows: Iterable[Iterable[Button]], redactor: Redactor) -> discord.ui.View | None:
    """Return rows of buttons as Discord shows them, their labels masked; None without any."""
    view = discord.ui.View(timeout=None)
    for at, row in enumerate(rows):
        for button in row:
            style = _STYLES[button.style]
            label = redactor.text(button.label)
            view.add_item(discord.ui.Button(label=label, custom_id=button.action, style=style, row=at))
    # A view that runs would be kept in memory for ever; clicks are taken by their id (views.py).
    view.stop()
    return view if view.children else None
