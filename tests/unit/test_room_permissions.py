"""What was allowed in a room for good, and answers that wait: kept, strict, and used once."""

from pathlib import Path

import pytest

from sessions.agents.base import Allow, Deny
from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.events import PermissionAsk
from sessions.keys import TurnId, session_key
from sessions.permission_rules import Rule
from sessions.room_permissions import ANSWERED, RULES, Permissions, Waiting
from tests.support.desk_rooms import FactsInMemory

KEY, OTHER = session_key("room"), session_key("other")
PYTEST = Rule("Bash", "pytest *")
SOURCES = Rule("Edit", "./src/**")


def bash(command: str) -> PermissionAsk:
    return PermissionAsk(id="a", tool="Bash", title="", arguments={"command": command})


def edit(path: Path) -> PermissionAsk:
    return PermissionAsk(id="a", tool="Edit", title="", arguments={"file_path": str(path)})


def kept(facts: FactsInMemory | None = None) -> Permissions:
    return Permissions(facts or FactsInMemory(), SystemClock())


async def test_a_rule_holds_in_its_room_until_it_is_revoked(tmp_path: Path) -> None:
    facts = FactsInMemory()
    assert await kept(facts).teach(KEY, PYTEST, "7", "ann")
    assert not await kept(facts).teach(KEY, PYTEST, "8", "ben")
    it = kept(facts)  # as after a restart
    [taught] = await it.taught(KEY)
    assert (taught.rule, taught.by_id, taught.by_name) == ("Bash(pytest *)", "7", "ann")
    assert await it.allowed(KEY, bash("pytest -q"), tmp_path) == PYTEST
    assert await it.allowed(KEY, bash("pytest; ls"), tmp_path) is None
    assert await it.allowed(OTHER, bash("pytest -q"), tmp_path) is None
    assert await it.revoke(KEY, "Bash(pytest *)")
    assert not await it.revoke(KEY, "Bash(pytest *)")
    assert await it.allowed(KEY, bash("pytest -q"), tmp_path) is None


async def test_what_is_masked_is_never_allowed_by_a_rule(tmp_path: Path) -> None:
    it = kept()
    await it.teach(KEY, PYTEST, "7", "ann")
    masked = PermissionAsk(id="a", tool="Bash", title="", arguments={"command": "pytest x"}, is_masked=True)
    assert await it.allowed(KEY, masked, tmp_path) is None


async def test_a_file_behind_a_link_is_asked_about(tmp_path: Path) -> None:
    it, work, outside = kept(), tmp_path / "work", tmp_path / "outside"
    (work / "src").mkdir(parents=True)
    outside.mkdir()
    (work / "src" / "link").symlink_to(outside)
    (work / "src" / "leaf").symlink_to(outside / "file")
    await it.teach(KEY, SOURCES, "7", "ann")
    assert await it.allowed(KEY, edit(work / "src" / "new" / "a.py"), work) == SOURCES
    assert await it.allowed(KEY, edit(work / "src" / "link" / "a.py"), work) is None
    assert await it.allowed(KEY, edit(work / "src" / "leaf"), work) is None


async def test_an_answer_waits_for_its_turn_and_counts_once() -> None:
    it, turn = kept(), TurnId(5)
    yes = Waiting(turn=turn, fingerprint="a" * 32, decision=Allow(accept_edits=True))
    no = Waiting(turn=turn, fingerprint="b" * 32, decision=Deny(reason="no"))
    await it.keep(KEY, yes)
    await it.keep(KEY, no)
    for other in (
        (OTHER, turn, "a" * 32),
        (KEY, TurnId(6), "a" * 32),
        (KEY, turn, "c" * 32),
        (KEY, turn, ""),
    ):
        assert await it.take(*other) is None
    assert await it.take(KEY, turn, "a" * 32) == Allow(accept_edits=True)
    assert await it.take(KEY, turn, "a" * 32) is None
    assert await it.take(KEY, turn, "b" * 32) == Deny(reason="no")


async def test_answers_of_an_earlier_turn_are_forgotten() -> None:
    it = kept()
    for number in (5, 6):
        await it.keep(KEY, Waiting(turn=TurnId(number), fingerprint="a" * 32, decision=Allow()))
    assert await it.take(KEY, TurnId(5), "a" * 32) is None
    assert await it.take(KEY, TurnId(6), "a" * 32) == Allow()


@pytest.mark.parametrize("text", ["{", "[1]", '[{"rule": "x"}]', "[" * 100_000])
async def test_what_cannot_be_read_is_an_error_and_no_permission(text: str, tmp_path: Path) -> None:
    facts = FactsInMemory()
    facts.kept[RULES, KEY] = facts.kept[ANSWERED, KEY] = text
    with pytest.raises(StateError):
        await kept(facts).allowed(KEY, bash("pytest"), tmp_path)
    with pytest.raises(StateError):
        await kept(facts).take(KEY, TurnId(1), "a" * 32)


async def test_a_rule_that_is_none_of_ours_allows_nothing(tmp_path: Path) -> None:
    facts = FactsInMemory()
    facts.kept[RULES, KEY] = (
        '[{"rule": "Bash", "by_id": "1", "by_name": "x", "at": "2030-01-01T00:00:00Z"},'
        ' {"rule": "Bash(*)", "by_id": "1", "by_name": "x", "at": "2030-01-01T00:00:00Z"}]'
    )
    assert await kept(facts).allowed(KEY, bash("ls"), tmp_path) is None
