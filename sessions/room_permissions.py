"""What people have allowed in a room for good, and answers that wait for a question to be asked again.

Both are facts of the store, one for each room, so that they outlive the process.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sessions.agents.base import Allow, Deny, Verdict
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.events import PermissionAsk
from sessions.keys import SessionKey, TurnId
from sessions.permission_rules import Rule, allows, edited_path, parse_rule

RULES: Final = "permissions"
"""Facts of this scope are named after rooms; each is a JSON list of the rules that were taught there."""

ANSWERED: Final = "answered"
"""Facts of this scope are named after rooms; each holds the answers that wait there."""

_LOOK_S: Final = 5.0
_T = TypeVar("_T")


class Taught(BaseModel):
    """A rule of a room, and who taught it when."""

    model_config = ConfigDict(frozen=True)

    rule: str
    by_id: str
    by_name: str
    at: datetime


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)

    turn: int
    fingerprint: str
    allow: bool
    reason: str = ""
    accept_edits: bool = False


_TAUGHT: Final = TypeAdapter(list[Taught])
_ANSWERS: Final = TypeAdapter(list[_Answer])


class Facts(Protocol):
    """Small texts that are kept; the store."""

    async def get_fact(self, scope: str, name: str) -> str | None:
        """Return a small stored text."""
        ...

    def set_fact(self, scope: str, name: str, text: str) -> Awaitable[None]:
        """Store a small text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An answer that was given too late, to what a turn had asked with this fingerprint."""

    turn: TurnId
    fingerprint: str
    decision: Verdict


class Permissions:
    """The rules and the waiting answers of all rooms. All methods raise StateError."""

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock
        self._changing = asyncio.Lock()

    async def taught(self, key: SessionKey) -> Sequence[Taught]:
        """Return the rules of a room, the oldest first."""
        return await self._read(RULES, key, _TAUGHT)

    async def teach(self, key: SessionKey, rule: Rule, by_id: str, by_name: str) -> bool:
        """Allow what a rule says in a room from now on; False if it was so already."""
        async with self._changing:
            taught = await self.taught(key)
            if any(one.rule == str(rule) for one in taught):
                return False
            new = Taught(rule=str(rule), by_id=by_id, by_name=by_name, at=self._clock.utc())
            await self._write(RULES, key, _TAUGHT.dump_json([*taught, new]))
            return True

    async def revoke(self, key: SessionKey, rule: str) -> bool:
        """Ask again for what a rule allowed; False if there is no such rule any more."""
        async with self._changing:
            taught = await self.taught(key)
            left = [one for one in taught if one.rule != rule]
            if len(left) == len(taught):
                return False
            await self._write(RULES, key, _TAUGHT.dump_json(left))
            return True

    async def allowed(self, key: SessionKey, ask: PermissionAsk, workdir: Path) -> Rule | None:
        """Return the rule of a room that a request is plainly within; None if somebody must be asked.

        While the agent plans somebody is asked about all: Claude Code 2.1.327 then asks about edits alone,
        and makes those that are allowed.
        """
        if ask.is_masked or ask.is_planning:
            return None
        for one in await self.taught(key):
            rule = parse_rule(one.rule)
            if rule is None or not allows(rule, ask.tool, ask.arguments, str(workdir)):
                continue
            path = edited_path(ask.tool, ask.arguments, str(workdir)) if rule.tool == "Edit" else None
            if path is None or await _is_direct(workdir, path):
                return rule
        return None

    async def keep(self, key: SessionKey, waiting: Waiting) -> None:
        """Keep an answer for when its turn asks the same again. Those of other turns are forgotten."""
        no = waiting.decision.reason if isinstance(waiting.decision, Deny) else ""
        new = _Answer(
            turn=waiting.turn,
            fingerprint=waiting.fingerprint,
            allow=isinstance(waiting.decision, Allow),
            reason=no,
            accept_edits=isinstance(waiting.decision, Allow) and waiting.decision.accept_edits,
        )
        async with self._changing:
            kept = await self._read(ANSWERED, key, _ANSWERS)
            left = [one for one in kept if one.turn == new.turn and one.fingerprint != new.fingerprint]
            await self._write(ANSWERED, key, _ANSWERS.dump_json([*left, new]))

    async def take(self, key: SessionKey, turn: TurnId, fingerprint: str) -> Verdict | None:
        """Return the answer that waits for this, once; None if there is none."""
        if not fingerprint:
            return None
        async with self._changing:
            kept = await self._read(ANSWERED, key, _ANSWERS)
            found = next((one for one in kept if (one.turn, one.fingerprint) == (turn, fingerprint)), None)
            if found is None:
                return None
            left = [one for one in kept if one is not found]
            await self._write(ANSWERED, key, _ANSWERS.dump_json(left))
        return Allow(accept_edits=found.accept_edits) if found.allow else Deny(reason=found.reason)

    async def _read(self, scope: str, key: SessionKey, kind: TypeAdapter[list[_T]]) -> list[_T]:
        text = await self._facts.get_fact(scope, key)
        try:
            return kind.validate_json(text or "[]")
        except (ValidationError, RecursionError) as error:
            raise StateError(f"What is stored about permissions of the room {key} cannot be read.") from error

    async def _write(self, scope: str, key: SessionKey, text: bytes) -> None:
        await self._facts.set_fact(scope, key, text.decode())


async def _is_direct(workdir: Path, path: str) -> bool:
    """Whether no link stands on the way to a file: behind one it may be any other."""

    def look() -> bool:
        real = workdir.resolve()
        return (workdir / path).resolve() == real / path

    try:
        async with asyncio.timeout(_LOOK_S):
            return await asyncio.to_thread(look)
    except (TimeoutError, OSError, RuntimeError):
        return False
