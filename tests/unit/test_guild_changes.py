"""The feed: everybody hears everything, in order, from when they began to listen."""

import asyncio

from bot.demo.guild.changes import Change, Feed, TypingStarted


def typing(number: int) -> TypingStarted:
    return TypingStarted(str(number), "1", 0.0)


async def test_a_subscription_has_every_change_since_it_was_made():
    feed = Feed()
    feed.publish(typing(1))
    with feed.subscribe() as changes:
        feed.publish(typing(2))
        feed.publish(typing(3))
        assert [await anext(changes), await anext(changes)] == [typing(2), typing(3)]
    assert list(feed.journal) == [typing(1), typing(2), typing(3)]


async def test_closing_a_subscription_ends_its_reader_and_a_second_time_does_nothing():
    feed = Feed()
    changes = feed.subscribe()
    async with asyncio.TaskGroup() as tasks:
        read = tasks.create_task(_all(changes))
        feed.publish(typing(1))
        changes.close()
    changes.close()
    feed.publish(typing(2))
    assert read.result() == [typing(1)]


async def _all(changes: object) -> list[Change]:
    return [change async for change in changes]  # type: ignore[attr-defined]


def test_listeners_hear_at_once_and_only_while_they_listen():
    feed = Feed()
    heard: list[Change] = []
    with feed.listening(heard.append):
        feed.publish(typing(1))
        assert heard == [typing(1)]
    feed.publish(typing(2))
    assert heard == [typing(1)]
