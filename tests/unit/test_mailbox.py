"""One reader, items in order, and a limit for each wait that one timer keeps."""

import asyncio
from typing import Any

from sessions.clock import SystemClock
from sessions.mailbox import Alarm, Mailbox


def mailbox() -> Mailbox[int]:
    return Mailbox(SystemClock(), Alarm())


def in_s(seconds: float) -> float:
    return SystemClock().monotonic_s() + seconds


async def test_items_come_out_in_the_order_they_went_in() -> None:
    box = mailbox()
    for item in range(3):
        box.put(item)
    assert [await box.get(in_s(0)) for _ in range(3)] == [0, 1, 2]


async def test_a_waiting_reader_gets_what_is_put_later() -> None:
    box = mailbox()
    asyncio.get_running_loop().call_soon(box.put, 7)
    assert await box.get(in_s(60)) == 7


async def test_a_wait_ends_without_an_item() -> None:
    box = mailbox()
    until_s = in_s(0.02)
    assert await box.get(until_s) is None
    assert SystemClock().monotonic_s() >= until_s


async def test_an_item_that_lies_there_counts_though_the_time_is_over() -> None:
    box = mailbox()
    box.put(1)
    assert await box.get(in_s(-1)) == 1


async def test_a_later_wait_may_be_longer_than_the_one_before() -> None:
    box = mailbox()
    loop = asyncio.get_running_loop()
    loop.call_soon(box.put, 1)
    assert await box.get(in_s(0.02)) == 1  # leaves a timer behind that rings too early for the next
    loop.call_later(0.05, box.put, 2)
    assert await box.get(in_s(60)) == 2


async def test_a_later_wait_may_be_shorter_than_the_one_before() -> None:
    box = mailbox()
    asyncio.get_running_loop().call_soon(box.put, 1)
    assert await box.get(in_s(60)) == 1
    assert await box.get(in_s(0.02)) is None


async def test_a_reader_that_is_cancelled_loses_no_item() -> None:
    box = mailbox()
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(box.get(in_s(60)))
        await asyncio.sleep(0)
        box.put(1)
        reader.cancel()
    assert await box.get(in_s(0)) == 1


class Bells:
    """Which alarms rang; `rang` waits for the next."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._rung = asyncio.Event()

    def __call__(self, name: str) -> None:
        self.names.append(name)
        self._rung.set()

    async def rang(self) -> None:
        self._rung.clear()
        async with asyncio.timeout(60):
            await self._rung.wait()


async def test_an_alarm_rings_only_for_what_was_set_last() -> None:
    alarm, bells = Alarm(), Bells()
    alarm.set(0.01, lambda: bells("first"))
    alarm.set(0.03, lambda: bells("second"))  # found by the timer of the first
    await bells.rang()
    alarm.set(60, lambda: bells("late"))
    alarm.set(0.01, lambda: bells("early"))
    await bells.rang()
    assert bells.names == ["second", "early"]


async def test_an_alarm_that_is_cleared_or_closed_does_not_ring() -> None:
    alarm, bells = Alarm(), Bells()
    alarm.set(0.01, lambda: bells("cleared"))
    alarm.clear()
    await asyncio.sleep(0.02)
    alarm.set(0.01, lambda: bells("closed"))
    alarm.close()
    alarm.set(0.02, lambda: bells("set again"))
    await bells.rang()
    assert bells.names == ["set again"]


def test_an_alarm_has_one_timer_however_often_it_is_set() -> None:
    class Counting(asyncio.SelectorEventLoop):
        timers = 0

        def call_at(self, *args: Any, **options: Any) -> asyncio.TimerHandle:
            self.timers += 1
            return super().call_at(*args, **options)

    async def set_often() -> None:
        alarm = Alarm()
        for number in range(100):
            alarm.set(60 + number, lambda: None)
            alarm.clear()
        alarm.close()

    with asyncio.Runner(loop_factory=Counting) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Counting)
        runner.run(set_often())
        assert loop.timers == 1
