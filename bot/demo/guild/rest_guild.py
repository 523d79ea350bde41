"""REST routes of the bot itself, the guild, its people, and the registration of slash commands."""

from typing import cast

from bot.demo.guild import commands, guild_payloads, payloads
from bot.demo.guild.bodies import CommandBody, decode
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Payload
from bot.demo.guild.rest import Call, Reply, Route
from bot.demo.guild.state import World

GUILD = "/guilds/{guild_id}"
COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"


def _me(world: World, call: Call) -> Reply:
    return Reply(payloads.user(world.users[call.bot_id]) | {"verified": True, "mfa_enabled": True})


def _user(world: World, call: Call) -> Reply:
    return Reply(payloads.user(world.user(call.params["user_id"])))


def _my_guilds(world: World, call: Call) -> Reply:
    if call.bot_id not in world.members:
        return Reply([])
    bits = str(int(world.permissions(call.bot_id)))
    shown: Payload = {"id": world.guild_id, "name": world.name, "icon": None, "owner": False}
    return Reply([shown | {"permissions": bits, "features": []}])


def _application(world: World, call: Call) -> Reply:
    return Reply(guild_payloads.application(world, call.bot_id))


def _gateway(world: World, _: Call) -> Reply:
    left = world.starts_left
    start = {"total": 1000, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
    return Reply({"url": world.gateway_url, "shards": 1, "session_start_limit": start})


def _open_dm(world: World, call: Call) -> Reply:
    partner = world.user(str(call.body.get("recipient_id")))
    return Reply(payloads.channel(world, world.dm(call.bot_id, partner.id), call.bot_id))


def _guild(world: World, call: Call) -> Reply:
    _require_guild(world, call)
    counts = {"approximate_member_count": len(world.members), "approximate_presence_count": 1}
    with_counts = call.query.get("with_counts") in ("1", "true")
    return Reply(guild_payloads.guild(world, call.bot_id) | (counts if with_counts else {}))


def _members(world: World, call: Call) -> Reply:
    _require_guild(world, call)
    after = call.number("after", 0)
    page = [one for one in world.members.values() if int(one.user_id) > after]
    limit = call.number("limit", 1)
    return Reply([payloads.member(world, one) for one in page[:limit]])


def _member(world: World, call: Call) -> Reply:
    _require_guild(world, call)
    if one := world.members.get(call.params["user_id"]):
        return Reply(payloads.member(world, one))
    raise ApiError(Code.UNKNOWN_MEMBER)


def _roles(world: World, call: Call) -> Reply:
    _require_guild(world, call)
    return Reply([payloads.role(one) for one in world.roles.values()])


def _commands(world: World, call: Call) -> Reply:
    found = commands.of(world, call.bot_id, call.params.get("guild_id"))
    return Reply([guild_payloads.command(one) for one in found])


def _register(world: World, call: Call) -> Reply:
    if not isinstance(call.body, list):
        raise ApiError(Code.INVALID_FORM, field="body: Only a list of commands is taken here")
    specs = [decode(CommandBody, one).model_dump(mode="json") for one in cast("list[object]", call.body)]
    made = commands.register(world, call.bot_id, call.params.get("guild_id"), specs)
    return Reply([guild_payloads.command(one) for one in made])


def _require_guild(world: World, call: Call) -> None:
    if call.params["guild_id"] != world.guild_id:
        raise ApiError(Code.UNKNOWN_GUILD)


ROUTES = (
    Route("GET", "/users/@me", _me),
    Route("GET", "/users/@me/guilds", _my_guilds),
    Route("POST", "/users/@me/channels", _open_dm),
    Route("GET", "/users/{user_id}", _user),
    Route("GET", "/oauth2/applications/@me", _application),
    Route("GET", "/applications/@me", _application),
    Route("GET", "/gateway/bot", _gateway),
    Route("GET", GUILD, _guild),
    Route("GET", f"{GUILD}/members", _members),
    Route("GET", f"{GUILD}/members/{{user_id}}", _member),
    Route("GET", f"{GUILD}/roles", _roles),
    Route("GET", COMMANDS, _commands),
    Route("PUT", COMMANDS, _register),
    Route("GET", GUILD_COMMANDS, _commands),
    Route("PUT", GUILD_COMMANDS, _register),
)
