"""/fork as a turn: a new thread goes on with a copy of a room's session. Done twice, it is done once."""

import asyncio
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict

from sessions.agents.conversations import Cut
from sessions.crash_points import reached
from sessions.engine import Engine
from sessions.errors import UserError
from sessions.keys import SessionKey, TurnId
from sessions.prompts import prompt_uuid
from sessions.records import title_of
from sessions.store.values import Kind, Piece, Turn

SCOPE: Final = "forks"
"""Facts of this scope are named after turns; each is the agent session id of what that turn forks.

It is stored before the thread is opened: a turn that finds one has begun before, and may have opened it.
"""

CANNOT: Final = "The agent of this room ({vendor}) cannot do that."


class Forking(BaseModel):
    """What a turn of the kind FORK copies, as JSON in place of words: all, or up to the end of a turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    turn: int | None = None


async def forked(engine: Engine, turn: Turn) -> tuple[str, tuple[Piece, ...]]:
    """Do what a turn of the kind FORK says; return what to say of it, and what is said in the new thread.

    A crash at any moment leaves what the next try finds again: the thread, the copy, the new session.
    Raises UserError, AgentError, StateError, OSError.
    """
    asked = Forking.model_validate_json(turn.prompt.text)
    if "copy" not in engine.adapter.can:
        raise UserError(CANNOT.format(vendor=engine.adapter.vendor))
    record = await engine.store.session(turn.key)
    if record is None or not await asyncio.to_thread(
        engine.adapter.conversations.exists, source := engine.kept(record)
    ):
        raise UserError("Nothing was said here yet, so there is nothing to copy. Open a thread to talk in.")
    cut = await _through(engine, turn, asked)
    words = (await engine.store.past.words(turn.key)).get(record.agent_session_id)
    title = title_of(engine.redactor.text(asked.name)) or (words.title if words else "")
    new_id, again = await _marked(engine, turn)

    async def is_free(thread: SessionKey) -> bool:
        there = await engine.store.session(thread)
        return there is None or there.agent_session_id == new_id

    key, channel_id = await engine.start_thread(turn, title or "fork", is_free, again)
    reached("fork.opened")
    first = replace(engine.first_record(key), agent_session_id=new_id)
    if record.workdir != engine.paths.room(record.key).workdir:  # both work where the owner has put this one
        first = replace(first, workdir=record.workdir)
    copy = engine.kept(first)
    await asyncio.to_thread(engine.paths.make_room, key, first.workdir, first.memory_dir)
    count = await asyncio.to_thread(engine.adapter.conversations.copy, source, copy, cut)
    reached("fork.copied")
    refused = await engine.store.import_sessions([replace(first, turn_count=count)], [])
    if refused and not await is_free(key):
        await asyncio.to_thread(engine.adapter.conversations.delete, copy)
        raise UserError("Somebody spoke in the new thread before the copy was there, so it starts fresh.")
    if title:
        await engine.store.past.name(first.agent_session_id, title)
    has_own = first.workdir != record.workdir
    files = " Its files stay there: this thread has a directory of its own." if has_own else ""
    origin, until = engine.place_name(turn.key), "up to here" if cut is None else "up to that message"
    greeting = f"I know what was said in {origin} {until}. What is said here stays here.{files}"
    said = Piece(channel_id=channel_id, body=greeting)
    return f"Forked into {engine.place_name(key)}: it knows what was said {until}.", (said,)


async def _marked(engine: Engine, turn: Turn) -> tuple[str, bool]:
    """Return the id of the session that a turn makes, and whether the turn has begun before."""
    known = await engine.store.get_fact(SCOPE, str(turn.id))
    if known:
        return known, True
    new_id = engine.adapter.new_session_id()
    await engine.store.set_fact(SCOPE, str(turn.id), new_id)
    reached("fork.marked")
    return new_id, False


async def _through(engine: Engine, turn: Turn, asked: Forking) -> Cut | None:
    if asked.turn is None:
        return None
    last = await engine.store.turn(TurnId(asked.turn))
    if last is None or last.key != turn.key or last.kind is not Kind.PROMPT:
        raise UserError("That message is none of this room's.")
    if "cut" not in engine.adapter.can:
        raise UserError(CANNOT.format(vendor=engine.adapter.vendor))
    return Cut(prompt=prompt_uuid(last), keep=True)
