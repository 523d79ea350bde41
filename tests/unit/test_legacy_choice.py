"""Which conversation a key goes on with."""

from itertools import permutations

from sessions.legacy_choice import choose
from sessions.legacy_entries import Entry, Findings
from tests.support.claudeclaw import (
    CURRENT,
    DEFAULT_ID,
    OLD_DEFAULT_ID,
    SINGLE,
    codes,
    fields,
    read,
    session_id,
)

EARLY, LATE = "2026-03-01T10:00:00.000Z", "2026-03-02T10:00:00.000Z"


def entries(root: object, **more: object) -> list[Entry]:
    return read(root, **more)[0]


def single(**more: object) -> list[Entry]:
    return entries(SINGLE | more, name="session.json", role="session")


def numbers(found: tuple[Entry, ...]) -> list[int]:
    return [int(one.agent_session_id[-12:]) for one in found]


def test_entries_of_different_keys_all_stay() -> None:
    findings = Findings()
    chosen = choose(entries({"threads": {"a": fields(1)}, "sessions": {"b": fields(2)}}), [], findings)
    assert (numbers(chosen.current), numbers(chosen.former)) == ([1, 2], [])
    assert findings == Findings()


def test_the_conversation_used_last_is_current_and_the_other_restorable() -> None:
    for late, early in (("threads", "sessions"), ("sessions", "threads")):
        findings = Findings()
        root = {late: {"a": fields(1, lastUsedAt=LATE)}, early: {"a": fields(2, lastUsedAt=EARLY)}}
        chosen = choose(entries(root), [], findings)
        assert (numbers(chosen.current), numbers(chosen.former)) == ([1], [2])
        assert codes(findings) == [("conflict", "a")]


def test_at_the_same_time_the_current_format_wins() -> None:
    root = {"threads": {"a": fields(1)}, "sessions": {"a": fields(2)}}
    chosen = choose(entries(root), [], Findings())
    assert (numbers(chosen.current), numbers(chosen.former)) == ([2], [1])


def test_of_three_defaults_at_the_same_time_the_order_is_sessions_single_threads() -> None:
    time = "2026-03-02T10:00:00.000Z"
    in_sessions = entries({"sessions": {"default": fields(1, lastUsedAt=time)}})
    alone = single(sessionId=session_id(2), lastUsedAt=time)
    in_threads = entries({"threads": {"default": fields(3, lastUsedAt=time)}})
    for order in permutations((in_sessions, alone, in_threads)):
        assert numbers(choose([one for part in order for one in part], [], Findings()).current) == [1]
    assert numbers(choose([*in_threads, *alone], [], Findings()).current) == [2]


def test_the_default_of_the_samples_comes_from_the_newer_file() -> None:
    chosen = choose([*entries(CURRENT), *single()], [], Findings())
    assert chosen.current[0].agent_session_id == DEFAULT_ID
    assert [one.agent_session_id for one in chosen.former] == [OLD_DEFAULT_ID]


def test_a_newer_default_session_beats_the_one_in_sessions_json() -> None:
    chosen = choose([*entries(CURRENT), *single(lastUsedAt="2026-03-03T00:00:00.000Z")], [], Findings())
    assert chosen.current[0].agent_session_id == OLD_DEFAULT_ID
    assert [one.agent_session_id for one in chosen.former] == [DEFAULT_ID]


def test_the_same_conversation_in_both_containers_is_no_conflict() -> None:
    findings = Findings()
    chosen = choose(entries({"threads": {"a": fields(1)}, "sessions": {"a": fields(1)}}), [], findings)
    assert (numbers(chosen.current), numbers(chosen.former)) == ([1], [])
    assert findings == Findings()


def test_a_shared_session_id_stays_with_the_room_that_used_it_last() -> None:
    findings = Findings()
    root = {"sessions": {"a": fields(1, lastUsedAt=EARLY), "b": fields(1, lastUsedAt=LATE), "c": fields(2)}}
    chosen = choose(entries(root), [], findings)
    assert [(one.key, one.resumable) for one in chosen.current] == [("a", False), ("b", True), ("c", True)]
    assert codes(findings) == [("shared-session-id", "a")]


def test_of_rooms_that_used_a_shared_id_at_the_same_time_the_first_in_the_file_keeps_it() -> None:
    capitals = session_id(0xA).replace("10", "0A").lower()
    root = {"sessions": {"z": fields(sessionId=capitals), "a": fields(sessionId=capitals.upper())}}
    chosen = choose(entries(root), [], Findings())
    assert [(one.key, one.resumable) for one in chosen.current] == [("z", True), ("a", False)]


def test_a_backup_is_never_current() -> None:
    chosen = choose([], single(), Findings())
    assert chosen.current == ()
    assert [one.agent_session_id for one in chosen.former] == [OLD_DEFAULT_ID]


def test_a_conversation_is_restorable_once_and_not_while_it_is_current() -> None:
    spare = [*entries({"sessions": {"a": fields(1), "b": fields(2), "c": fields(2)}})]
    chosen = choose(entries({"sessions": {"a": fields(1)}}), spare, Findings())
    assert numbers(chosen.former) == [2]
