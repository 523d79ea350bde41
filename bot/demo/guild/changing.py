"""Renaming and removing places: channels, threads and forums, by the rules of Discord. Pure."""

from dataclasses import replace

from bot.demo.guild import threads
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.limits import units
from bot.demo.guild.model import Channel
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

NAME_MOST = 100


def may_rename(world: World, user_id: str, place: Channel) -> bool:
    """Whether somebody may give a place another name: who opened a thread may, and who manages places."""
    granted = world.permissions(user_id, place)
    if place.is_dm:
        return False
    if place.thread is None:
        return Permission.MANAGE_CHANNELS in granted
    return Permission.MANAGE_THREADS in granted or (
        place.thread.owner_id == user_id and not place.thread.locked
    )


def may_remove(world: World, user_id: str, place: Channel) -> bool:
    """Whether somebody may delete a place for good."""
    needed = Permission.MANAGE_THREADS if place.thread else Permission.MANAGE_CHANNELS
    return not place.is_dm and needed in world.permissions(user_id, place)


def rename(world: World, user_id: str, place: Channel, name: str) -> Channel:
    """Give a place another name.

    Raises:
        ApiError: 50013 without the right, 50083 for an archived thread, 50035 for a name that is too long.
    """
    if place.thread is not None:
        threads.check_awake(place)
        threads.may_change(world, user_id, place, wakes_only=False)
        return threads.change(world, place, name=name)
    world.require(user_id, place, Permission.MANAGE_CHANNELS)
    if not 1 <= units(name) <= NAME_MOST:
        raise ApiError(Code.INVALID_FORM, field=f"name: Must be between 1 and {NAME_MOST} in length.")
    # Discord writes the names of channels small and without spaces; those of threads stay as they are.
    return world.put_channel(replace(place, name="-".join(name.lower().split())))


def remove(world: World, user_id: str, place: Channel) -> None:
    """Delete a channel or thread for good; raise 50013 without the right."""
    world.require(user_id, place, Permission.MANAGE_THREADS if place.thread else Permission.MANAGE_CHANNELS)
    world.delete_channel(place.id)
