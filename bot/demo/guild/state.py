"""The world: one guild with its people, places and messages. No sockets, no tasks.

The tables are plain dictionaries in order of creation, open for reading. What changes them are the functions
of `messages`, `threads`, `commands` and `interactions`, and the few methods here; each tells the feed.
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.demo.guild import permissions
from bot.demo.guild.changes import (
    Change,
    ChannelChanged,
    ChannelCreated,
    ChannelDeleted,
    Feed,
    MemberChanged,
    RoleChanged,
    Subscription,
)
from bot.demo.guild.clock import GuildClock, Snowflakes
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.intents import PRIVILEGED
from bot.demo.guild.interaction import Command, Interaction, Modal
from bot.demo.guild.model import Channel, ChannelKind, Member, Message, Role, User
from bot.demo.guild.permissions import Overwrite, Permission


class World:
    """One guild. `cdn_url` and `gateway_url` are where it is served; the server sets them.

    As in the portal: `granted_intents` are the privileged ones that are switched on, `interactions_url` takes
    interactions away from the gateway. `starts_left` are the sessions that bots may still begin today.
    `required` is what each account was asked for so far, of what it may.
    """

    def __init__(self, clock: GuildClock, name: str) -> None:
        self.clock = clock
        self.ids = Snowflakes(clock)
        self.feed = Feed()
        self.name = name
        self.cdn_url = ""
        self.gateway_url = ""
        self.granted_intents = PRIVILEGED
        self.interactions_url: str | None = None
        self.starts_left = 1000
        self.required: dict[str, Permission] = {}
        self.users: dict[str, User] = {}
        self.members: dict[str, Member] = {}
        self.roles: dict[str, Role] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.files: dict[str, bytes] = {}
        self.nonces: dict[tuple[str, str, str], tuple[str, float]] = {}
        self.last_said: dict[tuple[str, str], float] = {}
        self.commands: dict[str, Command] = {}
        self.interactions: dict[str, Interaction] = {}
        self.modals: dict[str, Modal] = {}
        self.guild_id = self.ids.new()
        self.roles[self.guild_id] = Role(self.guild_id, "@everyone", int(permissions.EVERYONE), 0)
        self.owner_id = self.add_user("guild-owner").id

    def publish(self, change: Change) -> None:
        """Tell the feed what happened."""
        self.feed.publish(change)

    def subscribe(self) -> Subscription:
        """Return an async iterator of all changes from now on; close it when done."""
        return self.feed.subscribe()

    def add_user(self, name: str, *, bot: bool = False, role_ids: tuple[str, ...] = ()) -> User:
        """Make an account and let it join the guild."""
        user = User(self.ids.new(), name, bot)
        self.users[user.id] = user
        member = Member(user.id, role_ids, self.clock.now())
        self.members[user.id] = member
        self.publish(MemberChanged(member, came=True))
        return user

    def put_user(self, user: User) -> None:
        """Replace an account's facts, such as whether it takes direct messages."""
        self.users[user.id] = user

    def remove_member(self, user_id: str) -> None:
        """Let somebody leave the guild; the account stays."""
        self.publish(MemberChanged(self.members.pop(user_id), present=False))

    def put_role(self, name: str, granted: int, *, role_id: str | None = None) -> Role:
        """Make a role, or give an existing one (`role_id`) another name and other permissions."""
        before = self.roles.get(role_id or "")
        position = before.position if before else len(self.roles)
        role = Role(before.id if before else self.ids.new(), name, granted, position)
        self.roles[role.id] = role
        self.publish(RoleChanged(role, created=before is None))
        return role

    def give_roles(self, user_id: str, role_ids: tuple[str, ...]) -> None:
        """Set the roles of a member, without the one everybody has."""
        self.members[user_id] = replace(self.members[user_id], role_ids=role_ids)
        self.publish(MemberChanged(self.members[user_id]))

    def add_channel(self, kind: ChannelKind, name: str, overwrites: tuple[Overwrite, ...] = ()) -> Channel:
        """Make a channel of the guild that is no thread."""
        position = sum(1 for channel in self.channels.values() if not channel.thread and not channel.is_dm)
        channel = Channel(self.ids.new(), kind, name, position, overwrites=overwrites)
        self.insert_channel(channel)
        return channel

    def dm(self, one_id: str, other_id: str) -> Channel:
        """Return the direct messages between two users, made when there are none yet."""
        for channel in self.channels.values():
            if channel.is_dm and {*channel.recipient_ids} == {one_id, other_id}:
                return channel
        channel = Channel(self.ids.new(), ChannelKind.DM, "", recipient_ids=(one_id, other_id))
        self.insert_channel(channel)
        return channel

    def insert_channel(self, channel: Channel) -> None:
        """Add a channel or thread that was made elsewhere, with no messages, and tell."""
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.publish(ChannelCreated(channel))

    def put_channel(self, channel: Channel, *, tell: bool = True) -> Channel:
        """Replace a channel by its newer value; quiet facts (last message, counts) are not told."""
        before = self.channels[channel.id]
        self.channels[channel.id] = channel
        if tell and channel != before:
            self.publish(ChannelChanged(channel, before))
        return channel

    def delete_channel(self, channel_id: str) -> None:
        """Remove a channel with its messages, and then its threads."""
        channel = self.channel(channel_id)
        del self.channels[channel_id]
        del self.messages[channel_id]
        self.publish(ChannelDeleted(channel))
        for thread in list(self.threads_of(channel_id)):
            self.delete_channel(thread.id)

    def channel(self, channel_id: str) -> Channel:
        """Return a channel, or raise 10003."""
        if channel := self.channels.get(channel_id):
            return channel
        raise ApiError(Code.UNKNOWN_CHANNEL)

    def message(self, channel_id: str, message_id: str) -> Message:
        """Return a message, or raise 10003 or 10008; an ephemeral one is known to its interaction alone."""
        self.channel(channel_id)
        message = self.messages[channel_id].get(message_id)
        if message is None or message.visible_to:
            raise ApiError(Code.UNKNOWN_MESSAGE)
        return message

    def find_message(self, message: Message) -> Message | None:
        """Return the newest value of a message, or None when it was deleted."""
        return self.messages.get(message.channel_id, {}).get(message.id)

    def link(self, message: Message) -> str:
        """Return the address of a message as Discord's client copies it."""
        guild = "@me" if self.channel(message.channel_id).is_dm else self.guild_id
        return f"https://discord.com/channels/{guild}/{message.channel_id}/{message.id}"

    def user(self, user_id: str) -> User:
        """Return an account, or raise 10013."""
        if user := self.users.get(user_id):
            return user
        raise ApiError(Code.UNKNOWN_USER)

    def threads_of(self, parent_id: str) -> Iterator[Channel]:
        """Yield the threads of a channel, archived ones too, oldest first."""
        return (c for c in self.channels.values() if c.thread and c.thread.parent_id == parent_id)

    def permissions(self, user_id: str, channel: Channel | None = None) -> Permission:
        """Return what somebody may in a channel (threads follow their parent), or in the guild at large."""
        if channel and channel.is_dm:
            return permissions.DIRECT if user_id in channel.recipient_ids else Permission(0)
        member = self.members.get(user_id)
        if not member:
            return Permission(0)
        held = [self.roles[self.guild_id], *(self.roles[role_id] for role_id in member.role_ids)]
        guild_wide = permissions.base((r.permissions for r in held), is_owner=user_id == self.owner_id)
        if not channel:
            return guild_wide
        place = self.channels[channel.thread.parent_id] if channel.thread else channel
        return permissions.in_channel(
            guild_wide, place.overwrites, everyone_id=self.guild_id, role_ids=member.role_ids, user_id=user_id
        )

    def can_see(self, user_id: str, channel: Channel) -> bool:
        """Whether somebody sees a channel; a private thread only as its member or with Manage Threads."""
        granted = self.permissions(user_id, channel)
        if channel.kind is ChannelKind.PRIVATE_THREAD and channel.thread and not channel.thread.has(user_id):
            return Permission.MANAGE_THREADS in granted
        return Permission.VIEW_CHANNEL in granted

    def require(self, user_id: str, channel: Channel, needed: Permission) -> None:
        """Raise 50001 when somebody cannot see the channel, 50013 when a needed permission is missing."""
        if not channel.is_dm:
            known = self.required.get(user_id, Permission(0))
            self.required[user_id] = known | needed | Permission.VIEW_CHANNEL
        if not self.can_see(user_id, channel):
            raise ApiError(Code.NO_ACCESS)
        if needed not in self.permissions(user_id, channel):
            raise ApiError(Code.NO_PERMISSION)
