"""What every room's worker works with: the parts of the running bot that all rooms share."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sessions.agents.base import AgentAdapter, SessionSpec
from sessions.agents.conversations import Kept
from sessions.box.mounts import Mount
from sessions.breaker import Breaker
from sessions.child_env import child_env
from sessions.clock import Clock
from sessions.credential_proxy import CredentialProxy
from sessions.given_mounts import given_mounts, merged
from sessions.keys import SessionKey
from sessions.paths import INBOX, Paths, Room
from sessions.pool import Pool
from sessions.prompts import Fetched, instructions
from sessions.records import SessionRecord
from sessions.redaction import Redactor
from sessions.room_permissions import Permissions
from sessions.room_settings import RoomSettings
from sessions.room_words import RoomWords
from sessions.settings import AgentSettings, BoxSettings, Isolation
from sessions.spool import MIB, Spool
from sessions.store import Store
from sessions.store.values import Turn
from sessions.surroundings import LookAround, NothingAround
from sessions.turn import FetchFiles, Limits, MayRun, OpenPlace, OpenReply, StartThread, is_open, no_threads
from sessions.way_out import Egress


def first_record(key: SessionKey, adapter: AgentAdapter, room: Room, now: datetime) -> SessionRecord:
    """Return the record of a room where nobody has spoken yet. Creates nothing."""
    return SessionRecord(
        key=key,
        vendor=adapter.vendor,
        agent_session_id=adapter.new_session_id(),
        workdir=room.workdir,
        memory_dir=room.memory_dir,
        created=now,
        last_used=now,
    )


def about_room(prompt: str) -> str:
    """Return what a room's own prompt adds to the agent's instructions; "" without one."""
    return f"\n\nWho runs this bot says about this room:\n{prompt}" if prompt else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The shared parts. `owner` names this start of the bot.

    `words` knows what holds in each room. `outbox_filled` and `receipts_due` are called, and must not
    block, when there may be something to send, and when the state of a turn has changed. `redactor` masks
    what agents say; with `credentials` they get none of their own. `accept_took` hears how long a message
    took to be stored. `mounts` is what the settings give a room beside its own directories. `egress`
    opens the way out of boxes with a network of their own. `place_name` is how people call a room.
    `own_config` is where the agent's own program keeps what this machine's user does with it in a
    terminal. Files that agents send are kept in `spool`, without which they cannot; a channel takes files of
    at most `file_limit_bytes` each.
    """

    store: Store
    adapter: AgentAdapter
    settings: AgentSettings
    paths: Paths
    clock: Clock
    pool: Pool
    breaker: Breaker
    owner: UUID
    open_reply: OpenReply
    fetch_files: FetchFiles
    outbox_filled: Callable[[], None]
    receipts_due: Callable[[], None]
    words: RoomWords
    may_run: MayRun
    isolation: Isolation
    limits_of_box: BoxSettings = field(default_factory=BoxSettings)
    mounts: Callable[[SessionKey], tuple[Mount, ...]] = lambda _key: ()
    redactor: Redactor = field(default_factory=Redactor)
    spool: Spool | None = None
    file_limit_bytes: Callable[[str], int] = lambda _channel_id: 10 * MIB
    credentials: CredentialProxy | None = None
    accept_took: Callable[[float], None] = lambda _seconds: None
    egress: Egress | None = None
    open_place: OpenPlace = is_open
    start_thread: StartThread = no_threads
    place_name: Callable[[SessionKey], str] = "room `{}`".format
    own_config: Path | None = None
    look_around: LookAround = field(default_factory=NothingAround)
    permissions: Permissions = field(init=False)
    """One for all who change them: it lets them do so one after the other."""
    limits: Limits = field(init=False)
    """How long a turn may take."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", Permissions(self.store, self.clock))
        limits = Limits(
            silence_s=self.settings.silence_s,
            turn_s=self.settings.turn_limit_s,
            ask_s=self.settings.ask_limit_s,
            question_s=self.settings.question_limit_s,
        )
        object.__setattr__(self, "limits", limits)

    def room(self, key: SessionKey) -> RoomSettings:
        """Return what holds in a room, from memory. Until a turn is read, a change is in time for it."""
        return self.words.room(key)

    def is_held(self, key: SessionKey) -> bool:
        """Whether a turn of this room would have to wait, though nothing is before it in its room."""
        return self.pool.is_full or not self.breaker.admits(key)

    def first_record(self, key: SessionKey) -> SessionRecord:
        """Return the record of a room where nobody has spoken yet. Creates nothing."""
        return first_record(key, self.adapter, self.paths.room(key), self.clock.utc())

    async def mounts_of(self, key: SessionKey) -> tuple[Mount, ...]:
        """Return what the owner gives a room: in the settings, and at run time. Raises StateError."""
        return merged(self.mounts(key), await given_mounts(self.store, key))

    def kept(self, record: SessionRecord) -> Kept:
        """Return where the conversation of a session lies."""
        home = self.paths.room(record.key).home
        return Kept(home=home, agent_session_id=record.agent_session_id, workdir=record.workdir)

    def has_to_fetch(self, turn: Turn) -> bool:
        """Whether something has to be had from outside before a turn's prompt can be written."""
        return bool(turn.prompt.attachments) or self.look_around.wants(turn)

    async def fetched(self, turn: Turn) -> Sequence[Fetched]:
        """Return the files that came with a turn, put into its room's inbox as far as they can be had."""
        if not turn.prompt.attachments:
            return ()
        record = await self.store.ensure_session(self.first_record(turn.key))
        await asyncio.to_thread(self.paths.make_room, record.key, record.workdir, record.memory_dir)
        return await self.fetch_files(turn, record.workdir / INBOX)

    def spec(self, record: SessionRecord) -> SessionSpec:
        """Return how to start the agent of a session, but for what its room was given at run time."""
        room, settings = self.paths.room(record.key), self.room(record.key)
        return SessionSpec(
            key=record.key,
            agent_session_id=record.agent_session_id,
            workdir=record.workdir,
            memory_dir=record.memory_dir,
            home=room.home,
            lock=self.paths.session_lock(record.agent_session_id),
            launcher=self.paths.launcher,
            isolation=self.isolation,
            mounts=self.mounts(record.key),
            limits=self.limits_of_box,
            env=child_env(room.home, room.temp_dir),
            expect_history=record.turn_count > 0
            or (record.origin_key is not None and record.generation == 0),
            instructions=instructions(record.key) + about_room(settings.prompt),
            model=settings.model,
            effort=settings.effort,
            permission_mode=settings.permission_mode,
            denied_roots=self.paths.private,
            options=self.settings.vendor_options(),
        )
