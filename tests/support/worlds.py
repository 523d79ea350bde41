"""A world of the offline guild without sockets: time stands still, two people, one bot, two channels."""

from dataclasses import dataclass

from bot.demo.guild import GuildClock
from bot.demo.guild.model import Channel, ChannelKind, User
from bot.demo.guild.state import World

NOON = 1_750_000_000.0


@dataclass(frozen=True)
class Scene:
    """The world and who and what is in it."""

    world: World
    clock: GuildClock
    ann: User
    ben: User
    robot: User
    desk: Channel
    ideas: Channel


def scene() -> Scene:
    """Return a world in which nothing has happened yet."""
    clock = GuildClock(lambda: NOON)
    world = World(clock, "Test")
    return Scene(
        world,
        clock,
        world.add_user("ann"),
        world.add_user("ben"),
        world.add_user("robot", bot=True),
        world.add_channel(ChannelKind.TEXT, "desk"),
        world.add_channel(ChannelKind.FORUM, "ideas"),
    )
