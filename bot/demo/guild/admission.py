"""May this be said here and now? Permissions, locks, slow mode, limits: before a message is made. Pure."""

from bot.demo.guild import limits, threads
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Channel, ChannelKind, MessageFlag
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World


def check_place(world: World, author_id: str, channel: Channel, draft: Draft) -> None:
    """Raise what Discord answers when somebody may not say this here, or not yet."""
    if channel.kind is ChannelKind.FORUM:
        raise ApiError(Code.CANNOT_SEND_HERE)
    if draft.by_webhook or draft.cause:
        return
    require_send(world, author_id, channel)
    if draft.files:
        world.require(author_id, channel, Permission.ATTACH_FILES)
    threads.check_open(world, author_id, channel)
    if channel.slow_mode_s and not world.permissions(author_id, channel) & (
        Permission.MANAGE_MESSAGES | Permission.MANAGE_CHANNELS
    ):
        since = world.clock.now() - world.last_said.get((channel.id, author_id), 0.0)
        if since < channel.slow_mode_s:
            raise ApiError(Code.SLOW_MODE, retry_after_s=round(channel.slow_mode_s - since, 3))


def require_send(world: World, author_id: str, channel: Channel) -> None:
    """Raise 50001, 50013 or, in direct messages, 50007 when somebody may not write in a channel."""
    if channel.is_dm:
        partners = [world.users[user_id] for user_id in channel.recipient_ids if user_id != author_id]
        if author_id not in channel.recipient_ids:
            raise ApiError(Code.NO_ACCESS)
        if not all(partner.takes_dms for partner in partners):
            raise ApiError(Code.CANNOT_DM_USER)
        return
    in_thread = channel.thread is not None
    world.require(
        author_id,
        channel,
        Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES,
    )


def check_draft(world: World, author_id: str, draft: Draft) -> None:
    """Raise what Discord answers when a draft is empty or does not fit."""
    limits.check_content(draft.content, by_bot=world.users[author_id].bot)
    limits.check_embeds(draft.embeds)
    limits.check_components(draft.components, draft.flags)
    limits.check_v2_alone(draft.flags, draft.content, draft.embeds)
    limits.check_files(draft.files)
    if draft.nonce and limits.units(draft.nonce) > limits.NONCE_UNITS:
        raise ApiError(Code.INVALID_FORM, field="nonce: Must be 25 or fewer in length.")
    says_something = (
        draft.content.strip()
        or draft.embeds
        or draft.components
        or draft.files
        or draft.forwards
        or draft.sticker
        or draft.poll
    )
    if not says_something and MessageFlag.LOADING not in draft.flags:
        raise ApiError(Code.EMPTY_MESSAGE)
