"""Names become addresses beside the loop, a few at a time, and nobody waits for one that hangs."""

import asyncio
import ipaddress
import threading

import pytest

from sessions.box.egress_names import Names
from sessions.box.egress_rules import Address, Target

HOME: list[Address] = [ipaddress.ip_address("127.0.0.1")]


async def test_a_name_of_this_machine_is_found() -> None:
    found = await Names()(Target("localhost", 80))
    assert found
    assert all(address.is_loopback for address in found)


async def test_a_name_that_cannot_be_one_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match="label"):
        await Names()(Target("x" * 64 + ".test", 80))


class Slow:
    """A resolver that does not answer before it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.at_once = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, target: Target) -> list[Address]:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.may_answer.wait(60)
        with self._lock:
            self.at_once -= 1
        return HOME


async def test_only_a_few_are_looked_up_at_once_and_all_are_answered() -> None:
    slow = Slow()
    names = Names(slow)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(names(Target(f"n{n}.test", 80))) for n in range(20)]
        while slow.at_once < 4:
            await asyncio.sleep(0.01)
        slow.may_answer.set()
    assert [one.result() for one in asked] == [HOME] * 20
    assert slow.most == 4


async def test_a_name_that_hangs_can_be_given_up_and_gives_its_place_back_when_it_ends() -> None:
    slow = Slow()
    names = Names(slow)
    for _ in range(4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await names(Target("hangs.test", 80))
    slow.may_answer.set()
    assert await names(Target("a.test", 80)) == HOME


async def test_without_a_thread_left_it_is_an_error_of_the_network_and_keeps_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names = Names(lambda _: HOME)
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        for _ in range(20):
            with pytest.raises(OSError, match="thread"):
                await names(Target("a.test", 80))
    assert await names(Target("a.test", 80)) == HOME


def test_the_end_of_the_loop_waits_for_no_name() -> None:
    slow = Slow()

    async def ask() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await Names(slow)(Target("hangs.test", 80))

    asyncio.run(ask())
    slow.may_answer.set()
