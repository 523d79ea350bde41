"""What is missing in a channel is said once there, and tried again later."""

from bot.chat import ChatRefused, Place
from bot.degraded import Degraded
from tests.support.clocks import SetClock
from tests.support.ports import FakePort

THREAD = Place(platform="fake", channel_id="7", guild_id="1", parent_id="20")


def degraded() -> tuple[Degraded, FakePort, SetClock]:
    port, clock = FakePort(), SetClock()
    return Degraded(port, clock, lambda one: THREAD if one == "7" else None), port, clock


async def test_each_lack_is_said_once_in_each_channel() -> None:
    lacks, port, _ = degraded()
    for channel in ("1", "2", "1"):
        await lacks.note(channel, "reactions")
    await lacks.note("1", "history")
    assert ["Add Reactions" in text for text in port.bodies("1")] == [True, False]
    assert len(port.bodies("2")) == 1


async def test_a_lack_counts_for_a_while_and_is_then_tried_again() -> None:
    lacks, port, clock = degraded()
    assert not lacks.lacks("1", "reactions")
    await lacks.note("1", "reactions")
    assert lacks.lacks("1", "reactions")
    assert not lacks.lacks("1", "history")
    clock.pass_s(600)
    assert not lacks.lacks("1", "reactions")
    await lacks.note("1", "reactions")
    assert len(port.bodies("1")) == 1


async def test_a_lack_does_not_count_longer_because_something_is_left_out_for_it() -> None:
    lacks, _, clock = degraded()
    lacks.remember("1", "full")
    clock.pass_s(400)
    await lacks.note("1", "full")
    clock.pass_s(200)
    assert not lacks.lacks("1", "full")


async def test_where_nothing_can_be_said_nothing_is() -> None:
    lacks, port, _ = degraded()
    port.faults["send"] = [ChatRefused()]
    await lacks.note("1", "threads")
    assert lacks.lacks("1", "threads")
    assert port.bodies("1") == []


async def test_a_thread_that_is_locked_later_again_is_told_of_again() -> None:
    lacks, port, clock = degraded()
    await lacks.note_locked("7")
    clock.pass_s(600)
    await lacks.note_locked("7")
    assert len(port.bodies("20")) == 2


async def test_a_locked_thread_is_told_of_once_in_the_channel_around_it() -> None:
    lacks, port, _ = degraded()
    await lacks.note_locked("7")
    await lacks.note_locked("7")
    await lacks.note_locked("8")  # nobody knows where that lies
    [told] = port.bodies("20")
    assert "<#7>: it is locked" in told
    assert port.bodies("8") == []
