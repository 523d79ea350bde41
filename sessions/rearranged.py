"""/cwd as a turn: a room gets another working directory, or a mount more or less, when its place has come."""

import asyncio
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from sessions.box.mounts import Mount
from sessions.engine import Engine
from sessions.errors import UserError
from sessions.given_mounts import LOOK_S, check_mounts, given_mounts, set_given_mounts
from sessions.keys import SessionKey
from sessions.store.values import Piece, Turn, TurnResult, TurnState
from sessions.workdirs import checked_workdir

Act = Literal["directory", "mount", "unmount"]
OWN: Final = "own"
"""Named as a directory: the one that the room had at first."""

_TEXT_CHARS: Final = 1800


class Rearrangement(BaseModel):
    """What a turn of the kind CWD changes, stored as JSON in place of words.

    `path` is absolute, or for a directory below `~/`, or OWN.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Act
    path: str
    writable: bool = False

    @property
    def mount(self) -> Mount:
        """The mount that is meant."""
        return Mount(Path(self.path), self.writable)


async def rearranged(engine: Engine, turn: Turn) -> TurnResult:
    """Check and make the change, and say what came of it. No agent of the room lives. Raises StateError.

    Made twice, it is made.
    """
    change = Rearrangement.model_validate_json(turn.prompt.text)
    try:
        text, state = await _made(engine, turn.key, change), TurnState.DONE
    except UserError as error:
        text, state = f"Nothing was changed. {error}", TurnState.FAILED
    piece = Piece(channel_id=turn.address.channel_id, body=text[:_TEXT_CHARS])
    return TurnResult(turn=turn.id, state=state, summary=text, pieces=(piece,))


async def _made(engine: Engine, key: SessionKey, change: Rearrangement) -> str:
    match change.act:
        case "directory":
            return await _bound(engine, key, change.path)
        case "mount":
            mount = change.mount
            await check_mounts([mount], engine.paths)
            others = [one for one in await given_mounts(engine.store, key) if one.path != mount.path]
            await set_given_mounts(engine.store, key, [*others, mount])
            how = "read and write" if mount.writable else "read"
            return f"From its next turn on this room's agent may {how} `{mount.path}`."
        case "unmount":
            return await _unmounted(engine, key, change.mount.path)


async def _bound(engine: Engine, key: SessionKey, path: str) -> str:
    if path == OWN:
        workdir = engine.paths.room(key).workdir
    else:
        try:
            async with asyncio.timeout(LOOK_S):
                workdir = await asyncio.to_thread(checked_workdir, Path(path), engine.paths)
        except TimeoutError as error:
            raise UserError(f"{path} could not be looked at within {LOOK_S:.0f} s.") from error
    await engine.store.ensure_session(engine.first_record(key))
    await engine.store.bind(key, workdir)
    return f"From its next turn on this room works in `{workdir}`. The conversation goes on."


async def _unmounted(engine: Engine, key: SessionKey, path: Path) -> str:
    given = await given_mounts(engine.store, key)
    others = [one for one in given if one.path != path]
    is_in_settings = any(one.path == path for one in engine.mounts(key))
    if len(others) == len(given) and is_in_settings:
        raise UserError(f"`{path}` stands in the settings. Take it out of them and restart me.")
    if len(others) == len(given):
        raise UserError(f"This room has no mount `{path}`. `/cwd` alone shows which it has.")
    await set_given_mounts(engine.store, key, others)
    if is_in_settings:
        return f"From its next turn on `{path}` is for this room what the settings say."
    return f"From its next turn on this room's agent does not see `{path}` any more."
