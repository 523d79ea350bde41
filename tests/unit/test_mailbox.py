"""One reader, items in order, and a limit for each wait that one timer keeps."""

import asyncio

from sessions.clock import SystemClock
from sessions.mailbox import Mailbox


def mailbox() -> Mailbox[int]:
    return Mailbox(SystemClock())


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
    assert await box.get(in_s(5)) == 7
    box.close()


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
    assert await box.get(in_s(5)) == 2
    box.close()


async def test_a_later_wait_may_be_shorter_than_the_one_before() -> None:
    box = mailbox()
    asyncio.get_running_loop().call_soon(box.put, 1)
    assert await box.get(in_s(60)) == 1
    assert await box.get(in_s(0.02)) is None
    box.close()


async def test_a_reader_that_is_cancelled_loses_no_item() -> None:
    box = mailbox()
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(box.get(in_s(5)))
        await asyncio.sleep(0)
        box.put(1)
        reader.cancel()
    assert await box.get(in_s(0)) == 1
    box.close()
