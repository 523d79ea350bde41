"""Messages accepted at once leave what they leave one by one, and get the same answers."""

import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.errors import QueueFull
from sessions.keys import TurnId, session_key
from sessions.store import sqlite_crowd, sqlite_intake
from sessions.store.values import Accepted, ChatAddress, Inbound, Prompt
from tests.support.crowded import NOW, SAID, TEXTS, opened, stored


@st.composite
def messages(draw: st.DrawFn) -> list[tuple[Inbound, str]]:
    count = draw(st.integers(2, 12))
    ids = draw(st.lists(st.integers(1, 2**62), min_size=count, max_size=count, unique=draw(st.booleans())))
    return [
        (
            Inbound(
                source=draw(st.sampled_from(["discord", "other"])),
                msg_id=msg_id,
                key=session_key(draw(st.sampled_from(["one", "two", "three"]))),
                address=ChatAddress(
                    platform="discord",
                    channel_id=draw(st.sampled_from(["1", "2"])),
                    message_id=draw(st.none() | st.just("7")),
                ),
                prompt=Prompt(text=draw(TEXTS), author_id="1", author_name=draw(TEXTS)),
                cursor=draw(st.none() | st.sampled_from(["1", "2"])),
                queue_limit=draw(st.none() | st.integers(0, 6)),
                held=draw(st.booleans()),
                head=draw(st.integers(0, 30)) == 0,
            ),
            NOW,
        )
        for msg_id in ids
    ]


def one_by_one(connection: sqlite3.Connection, asked: Sequence[tuple[Inbound, str]]) -> list[object]:
    results: list[object] = []
    for row, now in asked:
        try:
            results.append(sqlite_intake.accept(connection, row, now))
        except QueueFull:
            results.append(QueueFull)
    return results


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which so many wait in the room `three` that they are not counted any more."""
    directory = tmp_path_factory.mktemp("begun")
    connection = opened(directory)
    for number in range(sqlite_intake.MANY - 1):
        sqlite_intake.accept(connection, replace(SAID, msg_id=-1 - number, key=session_key("three")), NOW)
    connection.close()
    return directory


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(messages(), min_size=1, max_size=3), st.booleans())
def test_all_at_once_is_one_by_one(
    begun: Path, batches: list[list[tuple[Inbound, str]]], paused: bool
) -> None:
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        crowd, single = opened(Path(here), begun), opened(Path(there), begun)
        for connection in (crowd, single):
            connection.execute("INSERT INTO lane (key, paused) VALUES ('two', ?)", (paused,))
        for batch in batches:
            expected = one_by_one(single, batch)
            got = sqlite_crowd.accept(crowd, batch)
            results = one_by_one(crowd, batch) if got is None else got
            assert [QueueFull if isinstance(one, QueueFull) else one for one in results] == expected
            assert stored(crowd) == stored(single)
        crowd.close()
        single.close()


def test_what_is_known_goes_before_others_or_brings_a_fact_is_left_to_the_other_way(tmp_path: Path) -> None:
    connection = opened(tmp_path)

    def said(number: int) -> Inbound:
        return replace(SAID, msg_id=number)

    def at_once(*rows: Inbound) -> object:
        return sqlite_crowd.accept(connection, [(row, NOW) for row in rows])

    assert at_once(said(1), said(2)) == [
        Accepted(turn=TurnId(1), new=True, ahead=0),
        Accepted(turn=TurnId(2), new=True, ahead=1),
    ]
    before = stored(connection)
    for odd in (said(2), replace(said(3), head=True), replace(said(3), fact=("a", "b", "c")), said(4)):
        assert at_once(said(4), odd) is None
    assert stored(connection) == before
