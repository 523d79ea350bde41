"""REST routes that answer interactions: callback, original answer, follow-ups. They take no bot token."""

from bot.demo.guild import interactions, message_payloads, messages
from bot.demo.guild.bodies import CallbackBody, MessageBody
from bot.demo.guild.model import MessageFlag, Payload
from bot.demo.guild.rest import Call, Reply, Route
from bot.demo.guild.state import World

WEBHOOK = "/webhooks/{webhook_id}/{token}"
MESSAGE = f"{WEBHOOK}/messages/{{message_id}}"


def _callback(world: World, call: Call) -> Reply:
    body = call.form(CallbackBody)
    answered, message = interactions.answer(
        world, call.params["webhook_id"], call.params["token"], body, call.files
    )
    if call.query.get("with_response") not in ("1", "true"):
        return Reply()
    interaction: Payload = {"id": answered.id, "type": int(answered.kind)}
    resource: Payload = {"type": body.type}
    if message:
        interaction |= {
            "response_message_id": message.id,
            "response_message_loading": message.is_loading,
            "response_message_ephemeral": MessageFlag.EPHEMERAL in message.flags,
        }
        resource["message"] = message_payloads.message(world, message, answered.application_id)
    return Reply({"interaction": interaction, "resource": resource})


def _follow_up(world: World, call: Call) -> Reply:
    interaction = interactions.by_token(world, call.params["webhook_id"], call.params["token"])
    message = interactions.follow_up(world, interaction, call.form(MessageBody), call.files)
    return Reply(message_payloads.message(world, message, interaction.application_id))


def _get(world: World, call: Call) -> Reply:
    interaction = interactions.by_token(world, call.params["webhook_id"], call.params["token"])
    message = interactions.message_of(world, interaction, call.message_id)
    return Reply(message_payloads.message(world, message, interaction.application_id))


def _edit(world: World, call: Call) -> Reply:
    interaction = interactions.by_token(world, call.params["webhook_id"], call.params["token"])
    message = interactions.message_of(world, interaction, call.message_id)
    edited = messages.revise(world, message, call.form(MessageBody).revision(call.files))
    return Reply(message_payloads.message(world, edited, interaction.application_id))


def _delete(world: World, call: Call) -> Reply:
    interaction = interactions.by_token(world, call.params["webhook_id"], call.params["token"])
    messages.remove(world, interactions.message_of(world, interaction, call.message_id))
    return Reply()


ROUTES = (
    Route("POST", "/interactions/{webhook_id}/{token}/callback", _callback, open=True),
    Route("POST", WEBHOOK, _follow_up, open=True),
    Route("GET", MESSAGE, _get, open=True),
    Route("PATCH", MESSAGE, _edit, open=True),
    Route("DELETE", MESSAGE, _delete, open=True),
)
