"""REST routes of messages: send, edit, delete, history, reactions, pins, typing."""

from collections.abc import Callable

from bot.demo.guild import message_payloads, messages, payloads, reactions
from bot.demo.guild.bodies import MessageBody
from bot.demo.guild.clock import iso
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.rest import Call, Reply, Route
from bot.demo.guild.state import World

CHANNEL = "/channels/{channel_id}"
MESSAGES = f"{CHANNEL}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
EMOJI = f"{MESSAGE}/reactions/{{emoji}}"


def _send(world: World, call: Call) -> Reply:
    draft = call.form(MessageBody).draft(call.channel_id, call.files)
    sent = messages.post(world, call.bot_id, call.channel_id, draft)
    return Reply(message_payloads.message(world, sent, call.bot_id))


def _edit(world: World, call: Call) -> Reply:
    revision = call.form(MessageBody).revision(call.files)
    edited = messages.edit(world, call.bot_id, call.channel_id, call.message_id, revision)
    return Reply(message_payloads.message(world, edited, call.bot_id))


def _get(world: World, call: Call) -> Reply:
    found = world.message(call.channel_id, call.message_id)
    if not world.can_see(call.bot_id, world.channel(call.channel_id)):
        raise ApiError(Code.NO_ACCESS)
    return Reply(message_payloads.message(world, found, call.bot_id))


def _history(world: World, call: Call) -> Reply:
    page = messages.history(
        world,
        call.bot_id,
        call.channel_id,
        before=call.query.get("before"),
        after=call.query.get("after"),
        around=call.query.get("around"),
        limit=call.number("limit", 50),
    )
    return Reply([message_payloads.message(world, one, call.bot_id) for one in page])


def _delete(world: World, call: Call) -> Reply:
    messages.delete(world, call.bot_id, call.channel_id, call.message_id)
    return Reply()


def _delete_many(world: World, call: Call) -> Reply:
    message_ids = [str(message_id) for message_id in call.body.get("messages", [])]
    messages.delete_many(world, call.bot_id, call.channel_id, message_ids)
    return Reply()


def _type(world: World, call: Call) -> Reply:
    messages.type_in(world, call.bot_id, call.channel_id)
    return Reply()


def _pins(world: World, call: Call) -> Reply:
    world.channel(call.channel_id)
    pinned = [message for message in world.messages[call.channel_id].values() if message.pinned]
    items = [
        {"pinned_at": iso(one.made_at), "message": message_payloads.message(world, one, call.bot_id)}
        for one in reversed(pinned)
    ]
    return Reply({"items": items, "has_more": False})


def _pin(*, pinned: bool) -> Callable[[World, Call], Reply]:
    def answer(world: World, call: Call) -> Reply:
        messages.pin(world, call.bot_id, call.channel_id, call.message_id, pinned=pinned)
        return Reply()

    return answer


def _react(world: World, call: Call) -> Reply:
    reactions.add(world, call.bot_id, call.channel_id, call.message_id, call.params["emoji"])
    return Reply()


def _unreact(world: World, call: Call) -> Reply:
    who = call.params.get("user_id", call.bot_id)
    emoji = call.params["emoji"]
    reactions.remove(world, call.bot_id, call.channel_id, call.message_id, emoji, who)
    return Reply()


def _clear(world: World, call: Call) -> Reply:
    reactions.clear(world, call.bot_id, call.channel_id, call.message_id, call.params.get("emoji"))
    return Reply()


def _reacted(world: World, call: Call) -> Reply:
    message = world.message(call.channel_id, call.message_id)
    after = call.number("after", 0)
    pressed = next((r.user_ids for r in message.reactions if r.emoji == call.params["emoji"]), ())
    page = [user_id for user_id in sorted(pressed, key=int) if int(user_id) > after]
    limit = call.number("limit", 25)
    return Reply([payloads.user(world.user(user_id)) for user_id in page[:limit]])


ROUTES = (
    Route("GET", f"{MESSAGES}/pins", _pins),
    Route("PUT", f"{MESSAGES}/pins/{{message_id}}", _pin(pinned=True)),
    Route("DELETE", f"{MESSAGES}/pins/{{message_id}}", _pin(pinned=False)),
    Route("POST", f"{MESSAGES}/bulk-delete", _delete_many),
    Route("POST", MESSAGES, _send),
    Route("GET", MESSAGES, _history),
    Route("GET", MESSAGE, _get),
    Route("PATCH", MESSAGE, _edit),
    Route("DELETE", MESSAGE, _delete),
    Route("POST", f"{CHANNEL}/typing", _type),
    Route("PUT", f"{EMOJI}/@me", _react),
    Route("DELETE", f"{EMOJI}/@me", _unreact),
    Route("DELETE", f"{EMOJI}/{{user_id}}", _unreact),
    Route("GET", EMOJI, _reacted),
    Route("DELETE", EMOJI, _clear),
    Route("DELETE", f"{MESSAGE}/reactions", _clear),
)
