"""Messages: said, changed, removed, pinned and read back, by the rules of Discord. Pure over a `World`."""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.demo.guild import admission, limits, threads
from bot.demo.guild.changes import MessageCreated, MessageDeleted, MessageEdited, TypingStarted
from bot.demo.guild.clock import made_at
from bot.demo.guild.components import numbered
from bot.demo.guild.drafts import KEEP, AllowedMentions, Draft, Revision
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.mentions import pinged
from bot.demo.guild.model import (
    NO_FLAGS,
    Attachment,
    Channel,
    Mentions,
    Message,
    MessageFlag,
    MessageKind,
    Reference,
    Upload,
)
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

NONCE_MEMORY_S = 300.0
"""How long a nonce is remembered; Discord says "the past few minutes"."""

BULK_DELETE_AGE_S = 14 * 24 * 3600.0
EDITABLE_FLAGS = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.COMPONENTS_V2


def post(
    world: World, author_id: str, channel_id: str, draft: Draft, *, message_id: str | None = None
) -> Message:
    """Let somebody say something; a repeat with a known nonce returns the first message and tells nobody.

    `message_id` is for a forum post's first message, which has its thread's id.

    Raises:
        ApiError: the place, the permissions, the slow mode or the draft do not allow it.
    """
    channel = world.channel(channel_id)
    if repeated := _repeated(world, author_id, channel, draft):
        return repeated
    admission.check_place(world, author_id, channel, draft)
    admission.check_draft(world, author_id, draft)
    reference = _reference(world, channel, draft)
    message = Message(
        message_id or world.ids.new(),
        channel_id,
        author_id,
        world.clock.now(),
        draft.content,
        _kind(draft, reference),
        flags=draft.flags,
        embeds=draft.embeds,
        components=numbered(draft.components),
        attachments=_store(world, draft.files),
        mentions=_mentions(world, author_id, channel, draft.content, draft.allowed, reference),
        reference=reference,
        forwarded=draft.forwards,
        sticker=draft.sticker,
        poll=draft.poll,
        nonce=draft.nonce,
        by_webhook=draft.by_webhook,
        cause=draft.cause,
        visible_to=draft.visible_to,
    )
    if draft.nonce:
        world.nonces[author_id, channel_id, draft.nonce] = (message.id, message.made_at)
    return insert(world, message)


def insert(world: World, message: Message) -> Message:
    """Put a finished message into its channel: what `post` ends with, and how system messages appear."""
    if not message.visible_to:
        threads.wake(world, message.channel_id, message.author_id)
        channel = world.channel(message.channel_id)
        thread = channel.thread and replace(channel.thread, message_count=channel.thread.message_count + 1)
        world.put_channel(replace(channel, last_message_id=message.id, thread=thread), tell=False)
        world.last_said[message.channel_id, message.author_id] = message.made_at
    world.messages[message.channel_id][message.id] = message
    world.publish(MessageCreated(message))
    return message


def edit(world: World, author_id: str, channel_id: str, message_id: str, revision: Revision) -> Message:
    """Let somebody change their own message.

    Raises:
        ApiError: it is unknown, somebody else's, in an archived thread, or the new text does not fit.
    """
    before = world.message(channel_id, message_id)
    channel = world.channel(channel_id)
    if not world.can_see(author_id, channel):
        raise ApiError(Code.NO_ACCESS)
    if before.author_id != author_id or before.by_webhook:
        raise ApiError(Code.NOT_THE_AUTHOR)
    threads.check_awake(channel)
    return revise(world, before, revision)


def revise(world: World, before: Message, revision: Revision) -> Message:
    """Change a message without asking who may; `edit` asks first."""
    content = before.content if revision.content is KEEP else revision.content
    embeds = before.embeds if revision.embeds is KEEP else revision.embeds
    components = before.components if revision.components is KEEP else numbered(revision.components)
    kept = [a for a in before.attachments if revision.kept_files is KEEP or a.id in revision.kept_files]
    asked = NO_FLAGS if revision.flags is KEEP else revision.flags & EDITABLE_FLAGS
    # Version 2 of components cannot be taken off a message again.
    flags = (
        before.flags & ~(MessageFlag.SUPPRESS_EMBEDS if revision.flags is not KEEP else NO_FLAGS)
    ) | asked
    limits.check_content(content, by_bot=world.users[before.author_id].bot)
    limits.check_embeds(embeds)
    limits.check_components(components, flags)
    limits.check_v2_alone(flags, content, embeds)
    limits.check_files(revision.files, len(kept))
    if not (content or embeds or components or kept or revision.files):
        raise ApiError(Code.EMPTY_MESSAGE)
    message = replace(
        before,
        content=content,
        embeds=embeds,
        components=components,
        attachments=(*kept, *_store(world, revision.files)),
        flags=flags & ~MessageFlag.LOADING,
        edited_at=before.edited_at if before.is_loading else world.clock.now(),
        mentions=_mentions(
            world,
            before.author_id,
            world.channel(before.channel_id),
            content,
            revision.allowed,
            before.reference if before.kind is MessageKind.REPLY else None,
        ),
    )
    return put(world, message)


def put(world: World, message: Message) -> Message:
    """Replace a message by its newer value and tell."""
    before = world.messages[message.channel_id][message.id]
    world.messages[message.channel_id][message.id] = message
    world.publish(MessageEdited(message, before))
    return message


def delete(world: World, actor_id: str, channel_id: str, message_id: str) -> None:
    """Let somebody remove a message: their own, or with Manage Messages anybody's."""
    message = world.message(channel_id, message_id)
    channel = world.channel(channel_id)
    if not world.can_see(actor_id, channel):
        raise ApiError(Code.NO_ACCESS)
    if message.author_id != actor_id:
        if channel.is_dm:
            raise ApiError(Code.CANNOT_EXECUTE_ON_DM)
        world.require(actor_id, channel, Permission.MANAGE_MESSAGES)
    threads.check_awake(channel)
    remove(world, message)


def delete_many(world: World, actor_id: str, channel_id: str, message_ids: Sequence[str]) -> None:
    """Let somebody with Manage Messages remove 2 to 100 messages, none older than 14 days."""
    world.require(actor_id, world.channel(channel_id), Permission.MANAGE_MESSAGES)
    if not 2 <= len(message_ids) <= 100:
        raise ApiError(Code.BULK_DELETE_COUNT)
    if any(world.clock.now() - made_at(message_id) > BULK_DELETE_AGE_S for message_id in message_ids):
        raise ApiError(Code.TOO_OLD_TO_BULK_DELETE)
    found = [m for m in world.messages[channel_id].values() if m.id in message_ids]
    for message in found:
        remove(world, message, tuple(m.id for m in found))


def remove(world: World, message: Message, bulk: tuple[str, ...] = ()) -> None:
    """Take a message out of its channel without asking who may."""
    del world.messages[message.channel_id][message.id]
    for attachment in message.attachments:
        world.files.pop(attachment.id, None)
    world.publish(MessageDeleted(message, bulk))


def history(
    world: World,
    reader_id: str,
    channel_id: str,
    *,
    before: str | None = None,
    after: str | None = None,
    around: str | None = None,
    limit: int = 50,
) -> list[Message]:
    """Return up to `limit` messages, newest first whatever is asked, as Discord does."""
    channel = world.channel(channel_id)
    if not world.can_see(reader_id, channel):
        raise ApiError(Code.NO_ACCESS)
    if not 1 <= limit <= 100:
        raise ApiError(Code.INVALID_FORM, field="limit: must be between 1 and 100")
    if Permission.READ_MESSAGE_HISTORY not in world.permissions(reader_id, channel):
        return []
    said = [m for m in world.messages[channel_id].values() if not m.visible_to]
    if around:
        older = [m for m in said if int(m.id) <= int(around)]
        newer = [m for m in said if int(m.id) > int(around)]
        half = limit // 2
        page = [*older[-(limit - min(half, len(newer))) :], *newer[:half]]
    elif after:
        page = [m for m in said if int(m.id) > int(after)][:limit]
    else:
        page = [m for m in said if not before or int(m.id) < int(before)][-limit:]
    return page[::-1]


def type_in(world: World, user_id: str, channel_id: str) -> None:
    """Show that somebody types."""
    channel = world.channel(channel_id)
    admission.require_send(world, user_id, channel)
    world.publish(TypingStarted(channel_id, user_id, world.clock.now()))


def pin(world: World, actor_id: str, channel_id: str, message_id: str, *, pinned: bool) -> None:
    """Pin a message, or take the pin off."""
    message = world.message(channel_id, message_id)
    channel = world.channel(channel_id)
    granted = world.permissions(actor_id, channel)
    if not channel.is_dm and not granted & (Permission.PIN_MESSAGES | Permission.MANAGE_MESSAGES):
        raise ApiError(Code.NO_PERMISSION)
    if pinned and sum(m.pinned for m in world.messages[channel_id].values()) >= limits.PINS:
        raise ApiError(Code.TOO_MANY_PINS)
    if message.pinned == pinned:
        return
    put(world, replace(message, pinned=pinned))
    if pinned:
        reference = Reference(channel_id, message_id)
        insert(world, system(world, actor_id, channel_id, MessageKind.PINNED, "", reference))


def system(
    world: World, author_id: str, channel_id: str, kind: MessageKind, content: str, reference: Reference
) -> Message:
    """Return a message that Discord itself writes in somebody's name; `insert` makes it appear."""
    return Message(
        world.ids.new(), channel_id, author_id, world.clock.now(), content, kind, reference=reference
    )


def _repeated(world: World, author_id: str, channel: Channel, draft: Draft) -> Message | None:
    if not (draft.nonce and draft.enforce_nonce):
        return None
    message_id, said_at = world.nonces.get((author_id, channel.id, draft.nonce), ("", 0.0))
    if world.clock.now() - said_at > NONCE_MEMORY_S:
        return None
    return world.messages[channel.id].get(message_id)


def _kind(draft: Draft, reference: Reference | None) -> MessageKind:
    if draft.kind is MessageKind.DEFAULT and reference and not draft.forwards:
        return MessageKind.REPLY
    return draft.kind


def _reference(world: World, channel: Channel, draft: Draft) -> Reference | None:
    if draft.forwards:
        return Reference(draft.forwards.channel_id, draft.forwards.id)
    if not draft.reply_to or draft.reply_to.message_id in world.messages[channel.id]:
        return draft.reply_to
    if draft.strict_reply:
        raise ApiError(Code.INVALID_FORM, field="message_reference: Unknown message")
    return None


def _mentions(
    world: World,
    author_id: str,
    channel: Channel,
    content: str,
    allowed: AllowedMentions | None,
    reference: Reference | None,
) -> Mentions:
    replied = world.messages[channel.id].get(reference.message_id or "") if reference else None
    may_everyone = Permission.MENTION_EVERYONE in world.permissions(author_id, channel)
    return pinged(content, allowed, replied_id=replied and replied.author_id, may_everyone=may_everyone)


def _store(world: World, files: Iterable[Upload]) -> tuple[Attachment, ...]:
    stored: list[Attachment] = []
    for file in files:
        # Discord takes no path and no spaces in a file's name.
        name = re.sub(r"\s", "_", file.name.replace("\\", "/").rsplit("/", 1)[-1])
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        stored.append(Attachment(world.ids.new(), name, len(file.content), kind, file.description))
        world.files[stored[-1].id] = file.content
    return tuple(stored)
