"""/reset, /resume and /rewind as turns: which session a room goes on with; /fork is in `forking`."""

import asyncio
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict

from sessions.agents.conversations import Cut, Foreign
from sessions.crash_points import reached
from sessions.engine import Engine
from sessions.errors import AgentError, UserError
from sessions.forking import CANNOT, forked
from sessions.keys import SessionKey, TurnId
from sessions.past import is_called
from sessions.process import is_locked
from sessions.prompts import prompt_uuid
from sessions.records import FormerSession, Renewed, Resumed, SessionChange, SessionRecord, title_of
from sessions.store.values import Kind, Piece, Turn, TurnResult, TurnState
from sessions.terminals import terminal_sessions
from sessions.tombstones import Tombstone, tombstones
from sessions.workdirs import checked_workdir

FRESH: Final = "Started fresh: I remember nothing of what was said here before. Files and memory notes stay."
_TEXT_CHARS: Final = 1800
_GONE: Final = "There is no such session of this room any more. `/sessions` shows those that are there."


class Resumption(BaseModel):
    """What a turn of the kind RESUME goes on with, as JSON in place of words.

    `owner`: an owner asked, and `server` is where; None in a direct message.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    owner: bool = False
    server: str | None = None


async def switched(engine: Engine, turn: Turn) -> TurnResult:
    """Do what a turn of one of these kinds says, and say what came of it. Raises StateError.

    No agent of the room lives, but for a FORK. Done twice, it is done.
    """
    try:
        match turn.kind:
            case Kind.RESET:
                text, change, pieces = await _fresh(engine, turn)
            case Kind.RESUME:
                text, change, pieces = await _resumed(engine, turn)
            case Kind.REWIND:
                text, change, pieces = await _rewound(engine, turn)
            case Kind.FORK:
                text, pieces = await forked(engine, turn)
                change = None
            case _:
                raise AssertionError(f"{turn.kind} changes no session")
    except (UserError, AgentError, OSError) as error:
        why = f"It could not be copied: {error.strerror}." if isinstance(error, OSError) else str(error)
        nothing = "Nothing was copied." if turn.kind is Kind.FORK else "Nothing was changed."
        return _result(turn, f"{nothing} {why}", TurnState.FAILED)
    return _result(turn, text, TurnState.DONE, change, pieces)


async def uncompacted(engine: Engine, turn: Turn) -> TurnResult | None:
    """Return the result of a turn of the kind COMPACT that has nothing to do; None if it has."""
    record = await engine.store.session(turn.key)
    if "compact" not in engine.adapter.can:
        return _result(turn, CANNOT.format(vendor=engine.adapter.vendor), TurnState.FAILED)
    if record is None or not record.turn_count:
        return _result(turn, "Nothing was said here yet, so there is nothing to compact.", TurnState.FAILED)
    return None


def _result(
    turn: Turn,
    text: str,
    state: TurnState,
    change: SessionChange | None = None,
    pieces: tuple[Piece, ...] = (),
) -> TurnResult:
    said = Piece(channel_id=turn.address.channel_id, body=text[:_TEXT_CHARS])
    return TurnResult(turn=turn.id, state=state, summary=text, pieces=(said, *pieces), change=change)


_Done = tuple[str, SessionChange | None, tuple[Piece, ...]]


async def _fresh(engine: Engine, turn: Turn) -> _Done:
    await engine.store.ensure_session(engine.first_record(turn.key))
    reached("reset.made")
    name = title_of(engine.redactor.text(turn.prompt.text))
    text = f"{FRESH} This session is called **{name}**." if name else FRESH
    new_id = engine.adapter.new_session_id()
    return text, Renewed(agent_session_id=new_id, reason="reset", title=name), ()


async def _resumed(engine: Engine, turn: Turn) -> _Done:
    asked = Resumption.model_validate_json(turn.prompt.text)
    if "copy" not in engine.adapter.can:
        raise UserError(CANNOT.format(vendor=engine.adapter.vendor))
    record = await engine.store.ensure_session(engine.first_record(turn.key))
    if is_called(record.agent_session_id, asked.id):
        return "This room is in that session already.", None, ()
    former = await engine.store.former_sessions(turn.key)
    found = next((one for one in former if is_called(one.agent_session_id, asked.id)), None)
    if found is not None:
        return await _back(engine, record, found, owner=asked.owner)
    stones = await tombstones(engine.store) if asked.owner and asked.server is not None else ()
    stones = [one for one in stones if one.server == asked.server]
    stone = next((one for one in stones if is_called(one.record.agent_session_id, asked.id)), None)
    if stone is not None and stone.key != turn.key:
        return await _from_deleted(engine, record, stone)
    known = await terminal_sessions(engine, record.workdir) if asked.owner else ()
    terminal = next((one for one in known if is_called(one.agent_session_id, asked.id)), None)
    if terminal is not None:
        return await _from_terminal(engine, record, terminal)
    raise UserError(_GONE)


async def _back(engine: Engine, record: SessionRecord, found: FormerSession, *, owner: bool) -> _Done:
    await _not_in_use(engine, record.key, found.agent_session_id)
    if found.vendor != record.vendor:
        raise UserError(f"That session is one of {found.vendor}, and this room's agent is {record.vendor}.")
    kept = replace(engine.kept(record), agent_session_id=found.agent_session_id)
    if not await asyncio.to_thread(engine.adapter.conversations.exists, kept):
        raise UserError("The conversation of that session is gone: its files were removed.")
    workdir = found.workdir
    if workdir not in (record.workdir, engine.paths.room(record.key).workdir):
        if not owner:
            raise UserError(f"That session works in `{workdir}`. Only an owner may bring this room there.")
        workdir = await asyncio.to_thread(checked_workdir, workdir, engine.paths)
    words = (await engine.store.past.words(record.key)).get(found.agent_session_id)
    change = Resumed(
        agent_session_id=found.agent_session_id,
        workdir=workdir,
        created=found.created,
        reason="resume",
        turn_count=max(1, found.turn_count),
        cost_usd=(words.cost_usd or 0.0) if words else 0.0,
    )
    where = "" if workdir == record.workdir else f" It works in `{workdir}`."
    called = f" **{words.title}**" if words and words.title else ""
    text = f"Back in the session{called}.{where} The one before stays in `/sessions`; files are as they are."
    return text, change, ()


async def _from_deleted(engine: Engine, record: SessionRecord, stone: Tombstone) -> _Done:
    new_id, conversations = engine.adapter.new_session_id(), engine.adapter.conversations
    target = replace(engine.kept(record), agent_session_id=new_id)
    await asyncio.to_thread(engine.paths.make_room, record.key, record.workdir, record.memory_dir)
    count = await asyncio.to_thread(conversations.copy, engine.kept(stone.record), target)
    change = Resumed(
        agent_session_id=new_id,
        workdir=record.workdir,
        created=stone.record.created,
        reason="resume",
        turn_count=count,
        title=title_of(engine.redactor.text(stone.name)),
    )
    called = f" **{stone.name}**" if stone.name else ""
    return f"This room goes on with what was said in the deleted place{called}.", change, ()


async def _from_terminal(engine: Engine, record: SessionRecord, found: Foreign) -> _Done:
    assert engine.own_config is not None
    agent_session_id = found.agent_session_id
    await _not_in_use(engine, record.key, agent_session_id)
    if found.in_use:
        raise UserError("That session is open in a terminal. End it there, then resume it here.")
    target = replace(engine.kept(record), agent_session_id=agent_session_id)
    await asyncio.to_thread(engine.paths.make_room, record.key, record.workdir, record.memory_dir)
    take_over = engine.adapter.conversations.take_over
    await asyncio.to_thread(take_over, engine.own_config, agent_session_id, target)
    title = title_of(found.title)
    change = Resumed(
        agent_session_id=agent_session_id,
        workdir=record.workdir,
        created=found.last_used,
        reason="resume",
        turn_count=found.turn_count,
        title=title,
    )
    text = (
        f"This room goes on with a copy of the terminal's session **{title}**. What is said here does not"
        " reach the terminal; `/status` shows how to go on with it there."
    )
    return text, change, ()


async def _not_in_use(engine: Engine, key: SessionKey, agent_session_id: str) -> None:
    for other in await engine.store.past.users_of(agent_session_id):
        if other != key:
            where = engine.place_name(other)
            raise UserError(f"That session is in use in {where}. Go on there, or `/fork` it.")
    if await asyncio.to_thread(is_locked, engine.paths.session_lock(agent_session_id)):
        raise UserError("That session is in use by another process of this machine. Wait for it to end.")


async def _rewound(engine: Engine, turn: Turn) -> _Done:
    if "cut" not in engine.adapter.can:
        raise UserError(CANNOT.format(vendor=engine.adapter.vendor))
    record = await engine.store.session(turn.key)
    target = await engine.store.turn(TurnId(int(turn.prompt.text)))
    if record is None or target is None or target.key != turn.key or target.kind is not Kind.PROMPT:
        raise UserError("That message is none of this room's. Take one that `/rewind` offers.")
    source, new_id = engine.kept(record), engine.adapter.new_session_id()
    copy = replace(source, agent_session_id=new_id)
    cut = Cut(prompt=prompt_uuid(target))
    count = await asyncio.to_thread(engine.adapter.conversations.copy, source, copy, cut)
    words = (await engine.store.past.words(turn.key)).get(record.agent_session_id)
    said = title_of(engine.redactor.text(target.prompt.text))
    text = (
        f"Back to before “{said}”: that message, and all that was said after it, is forgotten. Files are as"
        " they are now; the session as it was stays in `/sessions`."
    )
    if count == 0:
        await asyncio.to_thread(engine.adapter.conversations.delete, copy)
        return text, Renewed(agent_session_id=new_id, reason="reset"), ()
    change = Resumed(
        agent_session_id=new_id,
        workdir=record.workdir,
        created=record.created,
        reason="rewind",
        turn_count=count,
        title=words.title if words else "",
    )
    return text, change, ()
