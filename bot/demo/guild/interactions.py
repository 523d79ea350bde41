"""Interactions from their begin to their last follow-up, with Discord's time limits. Pure over a `World`."""

from collections.abc import Sequence
from dataclasses import replace

from bot.demo.guild import limits, messages
from bot.demo.guild.bodies import CallbackBody, MessageBody, decode
from bot.demo.guild.changes import ChoicesOffered, InteractionAnswered, InteractionBegun, ModalOpened
from bot.demo.guild.components import numbered
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.interaction import Callback, Choice, Interaction, Kind, Modal
from bot.demo.guild.model import (
    Cause,
    Message,
    MessageFlag,
    MessageKind,
    Payload,
    Reference,
    Upload,
)
from bot.demo.guild.state import World

ANSWER_WITHIN_S = 3.0
TOKEN_LIVES_S = 15 * 60.0

ALLOWED: dict[Callback, frozenset[Kind]] = {
    Callback.MESSAGE: frozenset({Kind.COMMAND, Kind.COMPONENT, Kind.MODAL}),
    Callback.DEFERRED_MESSAGE: frozenset({Kind.COMMAND, Kind.COMPONENT, Kind.MODAL}),
    Callback.DEFERRED_UPDATE: frozenset({Kind.COMPONENT, Kind.MODAL}),
    Callback.UPDATE: frozenset({Kind.COMPONENT, Kind.MODAL}),
    Callback.CHOICES: frozenset({Kind.AUTOCOMPLETE}),
    Callback.MODAL: frozenset({Kind.COMMAND, Kind.COMPONENT}),
}
"""Which first answers fit which interactions."""


def begin(
    world: World,
    kind: Kind,
    application_id: str,
    user_id: str,
    channel_id: str,
    data: Payload,
    *,
    name: str = "",
    message_id: str | None = None,
) -> Interaction:
    """Let somebody use a bot; its gateway session hears of it."""
    interaction_id = world.ids.new()
    begun = Interaction(
        interaction_id,
        f"token-{interaction_id}",
        kind,
        application_id,
        user_id,
        channel_id,
        world.clock.now(),
        data,
        name,
        message_id,
    )
    world.interactions[begun.id] = begun
    world.publish(InteractionBegun(begun))
    return begun


def answer(
    world: World, interaction_id: str, token: str, body: CallbackBody, files: Sequence[Upload]
) -> tuple[Interaction, Message | None]:
    """Take a bot's first answer; return the interaction as it is now and the message it made or changed.

    Raises:
        ApiError: 10062 for an unknown one or after 3 s, 40060 for a second answer, 50035 for one that does
            not fit the interaction.
    """
    interaction = world.interactions.get(interaction_id)
    if interaction is None or interaction.token != token:
        raise ApiError(Code.UNKNOWN_INTERACTION)
    if interaction.acknowledged is not None:
        raise ApiError(Code.ALREADY_ACKNOWLEDGED)
    if world.clock.now() - interaction.made_at > ANSWER_WITHIN_S:
        raise ApiError(Code.UNKNOWN_INTERACTION)
    callback = _callback(interaction, body)
    message: Message | None = None
    if callback is Callback.MESSAGE:
        message = _say(world, interaction, decode(MessageBody, body.data), files)
    elif callback is Callback.DEFERRED_MESSAGE:
        message = _say(world, interaction, decode(MessageBody, body.data), files, loading=True)
    elif callback is Callback.UPDATE:
        revision = decode(MessageBody, body.data).revision(files)
        message = messages.revise(world, _component_message(world, interaction), revision)
    elif callback is Callback.DEFERRED_UPDATE:
        message = _component_message(world, interaction)
    elif callback is Callback.MODAL:
        limits.check_modal(body.data)
    answered = replace(
        interaction,
        acknowledged=callback,
        original_id=message.id if message else None,
        message_ids=(message.id,) if message else (),
    )
    world.interactions[answered.id] = answered
    world.publish(InteractionAnswered(answered))
    if callback is Callback.MODAL:
        _open(world, answered, body.data)
    elif callback is Callback.CHOICES:
        world.publish(ChoicesOffered(answered, _choices(body.data)))
    return answered, message


def by_token(world: World, application_id: str, token: str) -> Interaction:
    """Return the interaction a webhook token belongs to; raise 10015 without one, 50027 after 15 minutes."""
    interaction = world.interactions.get(token.removeprefix("token-"))
    if interaction is None or interaction.application_id != application_id:
        raise ApiError(Code.UNKNOWN_WEBHOOK)
    if world.clock.now() - interaction.made_at > TOKEN_LIVES_S:
        raise ApiError(Code.INVALID_TOKEN)
    if interaction.acknowledged is None:
        raise ApiError(Code.UNKNOWN_WEBHOOK)
    return interaction


def follow_up(world: World, interaction: Interaction, body: MessageBody, files: Sequence[Upload]) -> Message:
    """Say something more; the first follow-up of a deferred answer takes the place of "is thinking"."""
    original = _find(world, interaction, interaction.original_id)
    if original and original.is_loading:
        return messages.revise(world, original, body.revision(files))
    message = _say(world, interaction, body, files)
    message_ids = (*interaction.message_ids, message.id)
    world.interactions[interaction.id] = replace(interaction, message_ids=message_ids)
    return message


def message_of(world: World, interaction: Interaction, message_id: str) -> Message:
    """Return one of an interaction's messages, `@original` or by id; raise 10008 without one."""
    wanted = interaction.original_id if message_id == "@original" else message_id
    found = _find(world, interaction, wanted) if wanted in interaction.message_ids else None
    if found is None:
        raise ApiError(Code.UNKNOWN_MESSAGE)
    return found


def _callback(interaction: Interaction, body: CallbackBody) -> Callback:
    fitting = [one for one, kinds in ALLOWED.items() if one == body.type and interaction.kind in kinds]
    if not fitting:
        raise ApiError(Code.INVALID_FORM, field=f"type: {body.type} does not answer this interaction")
    return fitting[0]


def _say(
    world: World,
    interaction: Interaction,
    body: MessageBody,
    files: Sequence[Upload],
    *,
    loading: bool = False,
) -> Message:
    ephemeral = MessageFlag.EPHEMERAL in MessageFlag(body.flags or 0)
    draft: Draft = body.draft(interaction.channel_id, files)
    flags = draft.flags
    flags |= MessageFlag.EPHEMERAL if ephemeral else MessageFlag(0)
    flags |= MessageFlag.LOADING if loading else MessageFlag(0)
    first = interaction.acknowledged is None
    points_to = interaction.message_id if first else interaction.original_id
    answers_command = first and interaction.message_id is None
    target_id: str | None = interaction.data.get("target_id")
    answered = MessageKind.MESSAGE_COMMAND if target_id else MessageKind.COMMAND
    draft = replace(
        draft,
        flags=flags,
        kind=answered if answers_command else MessageKind.DEFAULT,
        reply_to=Reference(interaction.channel_id, points_to) if points_to else None,
        strict_reply=False,
        cause=Cause(interaction.id, int(interaction.kind), interaction.name, interaction.user_id, target_id),
        visible_to=interaction.user_id if ephemeral else None,
    )
    return messages.post(world, interaction.application_id, interaction.channel_id, draft)


def _find(world: World, interaction: Interaction, message_id: str | None) -> Message | None:
    return world.messages.get(interaction.channel_id, {}).get(message_id or "")


def _component_message(world: World, interaction: Interaction) -> Message:
    message = _find(world, interaction, interaction.message_id)
    if message is None:
        raise ApiError(Code.UNKNOWN_MESSAGE)
    return message


def _open(world: World, interaction: Interaction, spec: Payload) -> None:
    modal = Modal(
        world.ids.new(),
        str(spec["custom_id"]),
        str(spec["title"]),
        interaction.user_id,
        interaction.id,
        numbered(spec["components"]),
    )
    world.modals[modal.id] = modal
    world.publish(ModalOpened(modal))


def _choices(body: Payload) -> tuple[Choice, ...]:
    offered: list[Payload] = body.get("choices") or []
    if len(offered) > limits.CHOICES:
        raise ApiError(Code.INVALID_FORM, field=f"choices: Must be {limits.CHOICES} or fewer in length.")
    return tuple(Choice(str(one["name"]), one["value"]) for one in offered)
