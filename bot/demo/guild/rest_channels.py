"""REST routes of channels and threads: look up, make, change, remove, join, list."""

from dataclasses import replace

from bot.demo.guild import changing, guild_payloads, message_payloads, opening, payloads, threads
from bot.demo.guild.bodies import ChannelBody, ThreadBody
from bot.demo.guild.clock import made_at
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Channel, ChannelKind
from bot.demo.guild.permissions import Permission
from bot.demo.guild.rest import Call, Reply, Route
from bot.demo.guild.state import World

CHANNEL = "/channels/{channel_id}"
MEMBERS = f"{CHANNEL}/thread-members"


def _get(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    if not world.can_see(call.bot_id, place):
        raise ApiError(Code.NO_ACCESS)
    return _shown(world, call, place)


def _change(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    body = call.form(ChannelBody)
    sent = body.model_fields_set
    if place.thread:
        threads.may_change(world, call.bot_id, place, wakes_only=sent == {"archived"} and not body.archived)
        facts = {name: getattr(body, name) for name in ("archived", "locked") if name in sent}
        if body.auto_archive_duration is not None:
            facts["quiet_min"] = body.auto_archive_duration
        place = threads.change(world, place, name=body.name, **facts)
    else:
        world.require(call.bot_id, place, Permission.MANAGE_CHANNELS)
        place = replace(
            place,
            name=body.name or place.name,
            topic=(body.topic or "") if "topic" in sent else place.topic,
        )
    if body.rate_limit_per_user is not None:
        place = replace(place, slow_mode_s=body.rate_limit_per_user)
    return _shown(world, call, world.put_channel(place))


def _delete(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    shown = _shown(world, call, place)
    if not place.is_dm:
        changing.remove(world, call.bot_id, place)
    return shown


def _create(world: World, call: Call) -> Reply:
    body = call.form(ChannelBody)
    if Permission.MANAGE_CHANNELS not in world.permissions(call.bot_id):
        raise ApiError(Code.NO_PERMISSION)
    if not body.name or body.type not in (ChannelKind.TEXT, ChannelKind.NEWS, ChannelKind.FORUM):
        raise ApiError(Code.INVALID_FORM, field="name: This field is required")
    place = world.add_channel(ChannelKind(body.type), body.name)
    return Reply(payloads.channel(world, place, call.bot_id), 201)


def _list(world: World, call: Call) -> Reply:
    shown = guild_payloads.visible_channels(world)
    return Reply([payloads.channel(world, one, call.bot_id) for one in shown])


def _open_on_message(world: World, call: Call) -> Reply:
    body = call.form(ThreadBody)
    quiet_min = body.auto_archive_duration or opening.DAY_MIN
    opened = opening.on_message(
        world, call.bot_id, call.channel_id, call.message_id, body.name, quiet_min=quiet_min
    )
    return _shown(world, call, opened, 201)


def _open(world: World, call: Call) -> Reply:
    body = call.form(ThreadBody)
    quiet_min = body.auto_archive_duration or opening.DAY_MIN
    if world.channel(call.channel_id).kind is not ChannelKind.FORUM:
        private = body.type == ChannelKind.PRIVATE_THREAD
        opened = opening.alone(
            world, call.bot_id, call.channel_id, body.name, private=private, quiet_min=quiet_min
        )
        return _shown(world, call, opened, 201)
    if body.message is None:
        raise ApiError(Code.INVALID_FORM, field="message: This field is required")
    draft = body.message.draft(call.channel_id, call.files)
    post, first = opening.in_forum(world, call.bot_id, call.channel_id, body.name, draft, quiet_min=quiet_min)
    shown = payloads.channel(world, post, call.bot_id)
    return Reply(shown | {"message": message_payloads.message(world, first, call.bot_id)}, 201)


def _join(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    user_id = call.params.get("user_id", call.bot_id)
    if not world.can_see(call.bot_id, place):
        raise ApiError(Code.NO_ACCESS)
    threads.check_awake(place)
    threads.join(world, place.id, world.user(user_id).id)
    return Reply()


def _leave(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    user_id = call.params.get("user_id", call.bot_id)
    if user_id != call.bot_id:
        world.require(call.bot_id, place, Permission.MANAGE_THREADS)
    threads.leave(world, place.id, user_id)
    return Reply()


def _members(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    facts = threads.thread_of(place)
    return Reply([payloads.thread_member(place, facts, user_id) for user_id, _ in facts.members])


def _member(world: World, call: Call) -> Reply:
    place = world.channel(call.channel_id)
    facts = threads.thread_of(place)
    user_id = call.params.get("user_id", call.bot_id)
    if not facts.has(user_id):
        raise ApiError(Code.UNKNOWN_MEMBER)
    return Reply(payloads.thread_member(place, facts, user_id))


def _active(world: World, call: Call) -> Reply:
    shown = guild_payloads.active_threads(world, call.bot_id)
    members = [one["member"] for one in shown if "member" in one]
    return Reply({"threads": shown, "members": members, "has_more": False})


def _archived(world: World, call: Call) -> Reply:
    world.require(call.bot_id, world.channel(call.channel_id), Permission.READ_MESSAGE_HISTORY)
    kind = ChannelKind.PRIVATE_THREAD if call.params["kind"] == "private" else ChannelKind.PUBLIC_THREAD
    found = [
        place
        for place in world.threads_of(call.channel_id)
        if place.thread and place.thread.archived and place.kind is kind and world.can_see(call.bot_id, place)
    ]
    found.sort(key=lambda place: made_at(place.id), reverse=True)
    limit = call.number("limit", 50)
    shown = [payloads.channel(world, place, call.bot_id) for place in found[:limit]]
    members = [one["member"] for one in shown if "member" in one]
    return Reply({"threads": shown, "members": members, "has_more": len(found) > limit})


def _shown(world: World, call: Call, place: Channel, status: int = 200) -> Reply:
    return Reply(payloads.channel(world, place, call.bot_id), status)


ROUTES = (
    Route("GET", CHANNEL, _get),
    Route("PATCH", CHANNEL, _change),
    Route("DELETE", CHANNEL, _delete),
    Route("POST", "/guilds/{guild_id}/channels", _create),
    Route("GET", "/guilds/{guild_id}/channels", _list),
    Route("GET", "/guilds/{guild_id}/threads/active", _active),
    Route("POST", f"{CHANNEL}/messages/{{message_id}}/threads", _open_on_message),
    Route("POST", f"{CHANNEL}/threads", _open),
    Route("GET", f"{CHANNEL}/threads/archived/{{kind:public|private}}", _archived),
    Route("PUT", f"{MEMBERS}/@me", _join),
    Route("PUT", f"{MEMBERS}/{{user_id}}", _join),
    Route("DELETE", f"{MEMBERS}/@me", _leave),
    Route("DELETE", f"{MEMBERS}/{{user_id}}", _leave),
    Route("GET", MEMBERS, _members),
    Route("GET", f"{MEMBERS}/@me", _member),
    Route("GET", f"{MEMBERS}/{{user_id}}", _member),
)
