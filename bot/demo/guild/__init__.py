"""An own Discord on loopback: REST, gateway and files, with people who act in it. For demos and for tests.

    async with OfflineGuild(channels=["desk"], users=["ann"]) as guild:
        # point a client at guild.api_base and guild.gateway_url, log it in with guild.token, then:
        said = await guild.user("ann").says("hello", guild.channel("desk"))
        reply = await guild.channel("desk").next_from_bot(after=said)

It knows nothing of the bot it serves and can test any bot that speaks Discord's API, version 10.
"""

from bot.demo.guild.actors import Answer, Person
from bot.demo.guild.buckets import RateLimits
from bot.demo.guild.clock import GuildClock
from bot.demo.guild.errors import ApiError, Code, Refused, Unseen
from bot.demo.guild.gateway import GatewayOptions
from bot.demo.guild.permissions import Permission
from bot.demo.guild.places import Place
from bot.demo.guild.server import OfflineGuild

__all__ = [
    "Answer",
    "ApiError",
    "Code",
    "GatewayOptions",
    "GuildClock",
    "OfflineGuild",
    "Permission",
    "Person",
    "Place",
    "RateLimits",
    "Refused",
    "Unseen",
]
