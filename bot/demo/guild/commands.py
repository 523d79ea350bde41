"""Commands: registered by bots, found by name, filled in by people or used on messages. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.demo.guild import guild_payloads, message_payloads, payloads
from bot.demo.guild.changes import CommandsSynced
from bot.demo.guild.errors import ApiError, Code, Refused
from bot.demo.guild.interaction import Command, CommandKind
from bot.demo.guild.model import Channel, Message, Payload, Role, User
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

MOST = {CommandKind.SLASH: 100, CommandKind.USER: 15, CommandKind.MESSAGE: 15}
"""How many a bot may have of each kind, for everywhere and again for a guild."""

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER = 3, 4, 5, 6, 7, 8, 10

Value: TypeAlias = str | int | float | bool | User | Channel | Role
"""What a person fills into an option; users, channels and roles by value."""

ACCEPTED: dict[int, tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    USER: (User,),
    CHANNEL: (Channel,),
    ROLE: (Role,),
    NUMBER: (int, float),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A command ready to be sent: which one, its full name, and Discord's own object."""

    command: Command
    name: str
    data: Payload


def register(
    world: World, application_id: str, guild_id: str | None, specs: Sequence[Payload]
) -> list[Command]:
    """Replace all commands of a bot, global ones or those of the guild; the same name keeps its id."""
    wanted = [Command("", application_id, guild_id, spec) for spec in specs]
    for kind, most in MOST.items():
        if sum(one.kind is kind for one in wanted) > most:
            raise ApiError(Code.INVALID_FORM, field=f"body: Must be {most} or fewer in length.")
    before = {(one.kind, one.name): one.id for one in of(world, application_id, guild_id)}
    for command_id in before.values():
        del world.commands[command_id]
    made = [replace(one, id=before.get((one.kind, one.name)) or world.ids.new()) for one in wanted]
    world.commands |= {one.id: one for one in made}
    world.publish(CommandsSynced(application_id))
    return made


def of(world: World, application_id: str, guild_id: str | None) -> list[Command]:
    """Return a bot's commands: global ones (`guild_id` None) or those of the guild."""
    everything = world.commands.values()
    return [one for one in everything if (one.application_id, one.guild_id) == (application_id, guild_id)]


def offered(world: World, user_id: str, channel: Channel) -> Iterator[Command]:
    """Yield the commands that somebody may choose from in a channel."""
    granted = world.permissions(user_id, channel)
    for one in world.commands.values():
        contexts: list[int] = one.spec.get("contexts") or [0, 1]
        needed = int(one.spec.get("default_member_permissions") or 0)
        if channel.is_dm:
            in_reach = one.guild_id is None and 1 in contexts and one.application_id in channel.recipient_ids
            if in_reach and one.spec.get("dm_permission", True):
                yield one
        elif 0 in contexts and Permission.USE_APPLICATION_COMMANDS in granted and needed & ~granted == 0:
            yield one


def fill(
    world: World,
    user_id: str,
    channel: Channel,
    line: str,
    values: Mapping[str, Value],
    *,
    focused: str | None = None,
) -> Filled:
    """Fill a command in: `line` is its name with subcommands, such as `/session close`.

    With `focused` the option of that name is still being typed: it may hold anything, and required ones may
    be missing.

    Raises:
        Refused: no such command is offered here, or an option is unknown, missing or of the wrong type.
    """
    words = line.removeprefix("/").split()
    known = [one for one in offered(world, user_id, channel) if one.kind is CommandKind.SLASH]
    command = next((one for one in known if words[:1] == [one.name]), None)
    if command is None:
        names = ", ".join("/" + one.name for one in known) or "none"
        raise Refused(f"/{' '.join(words)} is not offered here; there are: {names}")
    spec, nested = command.spec, words[1:]
    for word in nested:
        spec = _option(spec, word, line)
    data: Payload = {"id": command.id, "name": command.name, "type": 1}
    if command.guild_id:
        data["guild_id"] = command.guild_id
    options = _values(spec, values, focused, line)
    for depth in range(len(nested), 0, -1):
        kind = SUBCOMMAND if depth == len(nested) else GROUP
        options = [{"type": kind, "name": nested[depth - 1], "options": options}]
    if found := resolved(world, values.values(), user_id):
        data["resolved"] = found
    return Filled(command, " ".join(words), data | {"options": options})


def fill_on_message(world: World, user_id: str, channel: Channel, name: str, message: Message) -> Filled:
    """Fill in a command that is used on a message; raise Refused when no such one is offered here."""
    known = [one for one in offered(world, user_id, channel) if one.kind is CommandKind.MESSAGE]
    command = next((one for one in known if name in (one.name, one.id)), None)
    if command is None:
        raise Refused(f"no app offers {name!r} here; there are: {[one.name for one in known]}")
    shown = message_payloads.message(world, message, command.application_id)
    data: Payload = {
        "id": command.id,
        "name": command.name,
        "type": int(CommandKind.MESSAGE),
        "target_id": message.id,
        "resolved": {"messages": {message.id: shown}},
    }
    return Filled(command, command.name, data | ({"guild_id": command.guild_id} if command.guild_id else {}))


def resolved(world: World, values: Iterable[Value], viewer_id: str) -> Payload:
    """Return the users, channels and roles among values as the bot gets them, beside their ids."""
    named = list(values)
    users = [value for value in named if isinstance(value, User)]
    channels = [value for value in named if isinstance(value, Channel)]
    roles = [value for value in named if isinstance(value, Role)]
    found: Payload = {}
    if roles:
        found["roles"] = {one.id: payloads.role(one) for one in roles}
    if users:
        found["users"] = {one.id: payloads.user(one) for one in users}
        found["members"] = {
            one.id: payloads.member(world, world.members[one.id], with_user=False)
            for one in users
            if one.id in world.members
        }
    if channels:
        found["channels"] = {
            one.id: guild_payloads.resolved_channel(world, one, viewer_id) for one in channels
        }
    return found


def _values(spec: Payload, values: Mapping[str, Value], focused: str | None, line: str) -> list[Payload]:
    known: list[Payload] = spec.get("options") or []
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in known):
        raise Refused(f"{line} needs one of: {', '.join(option['name'] for option in known)}")
    for name in values:
        _option(spec, name, line)
    filled: list[Payload] = []
    for option in known:
        name: str = option["name"]
        if name in values:
            filled.append(_value(option, values[name], focused=name == focused))
        elif option.get("required") and focused is None:
            raise Refused(f"{line} needs the option {name}")
    return filled


def _value(option: Payload, value: Value, *, focused: bool) -> Payload:
    kind: int = option["type"]
    name: str = option["name"]
    if focused:
        if not option.get("autocomplete"):
            raise Refused(f"the option {name} has no suggestions")
        return {"type": kind, "name": name, "value": value, "focused": True}
    accepted = ACCEPTED.get(kind, ())
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind != BOOLEAN):
        raise Refused(f"the option {name} takes no {type(value).__name__}")
    choices: list[Payload] = option.get("choices") or []
    if choices and value not in [choice["value"] for choice in choices]:
        raise Refused(f"the option {name} takes one of {[choice['value'] for choice in choices]}")
    plain = value.id if isinstance(value, (User, Channel, Role)) else value
    size = len(plain) if isinstance(plain, str) else plain
    least, most = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if not option.get(least, size) <= size <= option.get(most, size):
        raise Refused(f"the option {name} does not take {plain!r}")
    return {"type": kind, "name": name, "value": plain}


def _option(spec: Payload, name: str, line: str) -> Payload:
    options: list[Payload] = spec.get("options") or []
    for option in options:
        if option["name"] == name:
            return option
    raise Refused(f"{line} has no option {name}; there are: {[option['name'] for option in options]}")
