"""Whether Discord's gateway is there, for whoever tells an operator how the bot does."""

import discord


def connected_as(client: discord.Client) -> str | None:
    """Return as whom and where the client hears, in words; None while it has no connection."""
    # A client that has lost its connection still calls itself ready; its socket tells.
    ws = client.ws
    if not client.is_ready() or not ws or not ws.open:
        return None
    guilds = len(client.guilds)
    return f"{client.user} in {guilds} {'guild' if guilds == 1 else 'guilds'}"
