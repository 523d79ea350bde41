"""The pump: in order per channel, tried again without end, and given up only for what never will work."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Banned, ChatError, ChatRefused
from bot.measure import units
from bot.outbox import NOT_TAKEN, PARALLEL, REPEAT_MARK
from bot.stop_button import stop_button
from sessions.keys import TurnId
from sessions.store import Store, open_store
from sessions.store.values import Button, Piece
from tests.support.clocks import SetClock
from tests.support.outbox_scene import Scene, post, scene
from tests.support.ports import settled


async def say(store: Store, *bodies: str, channel: str = "1") -> None:
    pieces = [Piece(channel_id=channel, body=body, reply_to="50") for body in bodies]
    await post(store, *pieces)


async def test_pieces_of_a_channel_arrive_in_order_each_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await say(it.store, "one", "two", "three")
        it.outbox.wake()
        await it.all_sent()
        assert it.port.bodies() == ["one", "two", "three"]
        assert it.port.asked("send") == ["one", "two", "three"]
        assert len(set(it.port.nonces)) == 3
        assert {shown.reply_to for shown in it.port.messages.values()} == {"50"}


async def test_rows_from_before_the_start_are_sent_without_waking(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SetClock())
    await say(store, "left over")
    await store.close()
    async with scene(tmp_path) as it:
        await it.port.until(lambda: it.port.bodies() == ["left over"])


async def test_a_channel_that_fails_is_tried_again_later_and_holds_up_no_other(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError()]}
        await say(it.store, "one", "two")
        it.outbox.wake()
        await it.sleeps()
        await say(it.store, "other", channel="2")
        it.outbox.wake()
        await it.port.until(lambda: it.port.bodies("2") == ["other"])
        assert it.port.bodies("1") == []
        it.clock.pass_s(10)
        await it.port.until(lambda: it.port.bodies("1") == ["one", "two"])
        assert it.port.nonces[0] == it.port.nonces[2]


async def test_the_chat_says_how_long_to_wait(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError(retry_after_s=100)]}
        await say(it.store, "one")
        it.outbox.wake()
        await it.sleeps()
        it.clock.pass_s(99)
        await settled()
        assert it.port.bodies() == []
        it.clock.pass_s(2)
        await it.port.until(lambda: it.port.bodies() == ["one"])


async def test_what_never_can_arrive_is_dropped_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatRefused("The channel is gone.")]}
        await say(it.store, "one", "two")
        it.outbox.wake()
        await it.all_sent()
        assert it.port.bodies() == [NOT_TAKEN, "two"]
        assert it.port.nonces[1] == f"{it.port.nonces[0]}x"
        assert it.outbox.dropped == 1
        assert "an answer cannot be delivered" in caplog.text


async def test_a_bug_in_the_port_holds_up_its_channel_alone(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ValueError("a bug")]}  # type: ignore[list-item]
        await say(it.store, "one")
        it.outbox.wake()
        await it.sleeps()
        it.clock.pass_s(10)
        await it.port.until(lambda: it.port.bodies() == ["one"])


async def test_a_row_that_breaks_every_time_does_not_hold_up_its_channel_for_ever(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ValueError("a bug")] * 6}  # type: ignore[list-item]
        await say(it.store, "one", "two")
        it.outbox.wake()
        for _ in range(5):
            await it.sleeps()
            it.clock.pass_s(60)
        await it.port.until(lambda: it.port.bodies() == ["two"])
        assert it.outbox.dropped == 1


async def test_a_message_is_deleted_after_what_replaces_it_was_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        live = await it.port.send("1", "live")
        gone = Piece(channel_id="1", target_id=live, action="delete")
        await post(it.store, Piece(channel_id="1", body="the answer"), gone)
        it.outbox.wake()
        await it.all_sent()
        assert it.port.log[1:] == [("send", "the answer"), ("delete", live)]


async def test_a_slow_channel_holds_up_no_other_and_few_are_sent_to_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.held = asyncio.Event()
        for channel in range(2 * PARALLEL):
            await say(it.store, "hi", channel=str(channel))
        it.outbox.wake()
        await it.port.until(lambda: len(it.port.log) == PARALLEL)
        await settled()
        assert len(it.port.log) == PARALLEL
        it.port.held.set()
        await it.all_sent()
        assert len(it.port.messages) == 2 * PARALLEL


async def test_a_message_whose_answer_got_lost_is_shown_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError("The connection was reset.")]}
        await say(it.store, "one")
        it.outbox.wake()
        await it.sleeps()
        it.clock.pass_s(10)
        await it.port.until(lambda: it.port.asked("send") == ["one", "one"])
        await it.all_sent()
        assert it.port.bodies() == ["one"]


async def test_flush_gives_up_after_its_limit(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.held = asyncio.Event()
        await say(it.store, "one")
        assert not await it.outbox.flush(0.05)


async def test_flush_does_not_take_what_is_put_off_for_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError(retry_after_s=100)]}
        await say(it.store, "one")
        assert not await it.outbox.flush(5)
        assert it.port.bodies() == []


async def test_flush_waits_for_what_is_put_off_for_less_than_it_has(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError()]}
        await say(it.store, "one")
        async with asyncio.TaskGroup() as tasks:
            flushing = tasks.create_task(it.outbox.flush(5))
            await it.sleeps()
            assert not flushing.done()
            it.clock.pass_s(4)
        assert flushing.result()
        assert it.port.bodies() == ["one"]


async def after_the_window(it: Scene) -> None:
    """Let the chat forget the nonces, and the row be due again."""
    await it.sleeps()
    it.port.forget_nonces()
    it.clock.pass_s(it.port.capabilities.nonce_window_s + 1)


async def test_what_arrived_is_found_when_its_nonce_is_forgotten(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()]}
        await say(it.store, "one", "two")
        it.outbox.wake()
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == ["one", "two"]


async def test_what_is_not_found_when_its_nonce_is_forgotten_is_marked(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError()]}
        choice = Button(label="Go", action="rk:go")
        await post(
            it.store, Piece(channel_id="1", body="one", buttons=(choice,)), Piece(channel_id="1", body="two")
        )
        it.outbox.wake()
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == [f"one\n{REPEAT_MARK}", "two"]
        assert next(iter(it.port.messages.values())).buttons == (choice,)


async def test_what_certainly_did_not_arrive_is_sent_without_a_mark_however_late(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError(is_untaken=True), ChatError(is_untaken=True)]}
        await say(it.store, "one")
        it.outbox.wake()
        await after_the_window(it)
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == ["one"]


async def test_a_try_that_did_not_arrive_settles_nothing_about_the_one_before(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError(), ChatError(is_untaken=True)]}
        await say(it.store, "one")
        it.outbox.wake()
        await it.sleeps()
        it.clock.pass_s(10)
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == [f"one\n{REPEAT_MARK}"]


async def test_a_marked_repeat_whose_answer_got_lost_is_found(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError()]}
        await say(it.store, "one")
        it.outbox.wake()
        await after_the_window(it)
        it.port.faults = {"landed": [ChatError()]}
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == [f"one\n{REPEAT_MARK}"]


async def test_a_channel_that_cannot_be_searched_gets_a_marked_repeat(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()], "find_sent": [ChatRefused()]}
        await say(it.store, "one")
        it.outbox.wake()
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == ["one", f"one\n{REPEAT_MARK}"]


async def test_a_search_that_fails_for_now_sends_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()], "find_sent": [ChatError()]}
        await say(it.store, "one")
        it.outbox.wake()
        await after_the_window(it)
        await it.sleeps()
        it.clock.pass_s(10)
        await it.all_sent()
        assert it.port.bodies() == ["one"]


async def test_a_mark_that_does_not_fit_stands_in_a_message_of_its_own(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [ChatError()]}
        await say(it.store, "x" * 2000)
        it.outbox.wake()
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == ["x" * 2000, REPEAT_MARK]
        assert units(REPEAT_MARK) < 100


async def test_the_first_try_outlives_a_restart(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()]}
        await say(it.store, "one")
        it.outbox.wake()
        await it.sleeps()
        port = it.port
    port.forget_nonces()
    async with scene(tmp_path, port) as it:
        it.clock.pass_s(121)
        await it.all_sent()
        assert it.port.bodies() == ["one"]


async def test_a_clock_that_was_set_back_makes_no_nonce_young(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()]}
        await say(it.store, "one")
        it.outbox.wake()
        await it.sleeps()
        it.port.forget_nonces()
        it.clock.jump_s(-3600)
        it.outbox.wake()
        await it.all_sent()
        assert it.port.bodies() == ["one"]


async def test_a_message_whose_id_was_never_learned_is_deleted_by_its_nonce(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.port.send("1", "live", nonce="n")
        await post(it.store, Piece(channel_id="1", target_nonce="n", action="delete"))
        it.outbox.wake()
        await it.all_sent()
        assert it.port.bodies() == []
        assert len(it.port.gone) == 1


async def test_a_nonce_that_is_forgotten_deletes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.port.send("1", "live", nonce="n")
        it.port.faults = {"send": [ChatError()]}
        await post(it.store, Piece(channel_id="1", target_nonce="n", action="delete"))
        it.outbox.wake()
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == ["live"]


async def test_while_the_chat_turns_everything_away_no_channel_is_tried(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [Banned(retry_after_s=300)]}
        await say(it.store, "one", channel="1")
        it.outbox.wake()
        await it.sleeps()
        for channel in ("2", "3", "4"):
            await say(it.store, "other", channel=channel)
        it.outbox.wake()
        assert not await it.outbox.flush(5)
        assert it.port.asked("send") == ["one"]
        it.clock.pass_s(301)
        await it.all_sent()
        assert [it.port.bodies(channel) for channel in ("2", "3", "4")] == [["other"]] * 3
        assert len(it.port.bodies("1")) == 1


async def test_what_never_can_arrive_is_tried_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.closed.add("1")
        await say(it.store, "one")
        it.outbox.wake()
        await it.all_sent()
        assert it.port.asked("send") == ["one", NOT_TAKEN]
        assert it.outbox.dropped == 1


async def test_an_answer_is_not_taken_for_the_same_words_before_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await say(it.store, "same")
        await it.all_sent()
        it.port.faults = {"send": [ChatError()]}
        await say(it.store, "same")
        it.outbox.wake()
        await after_the_window(it)
        await it.all_sent()
        assert it.port.bodies() == ["same", f"same\n{REPEAT_MARK}"]


async def test_a_live_message_that_a_crash_left_keeps_its_text_or_goes(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        with_text = await it.port.send("1", "half\n-# 4 s")
        without = await it.port.send("1", "-# 4 s", nonce="n")
        await post(
            it.store,
            Piece(channel_id="1", target_id=with_text, action="fold"),
            Piece(channel_id="1", target_nonce="n", action="fold"),
        )
        await it.all_sent()
        assert without not in it.port.messages
        assert it.port.bodies() == ["-# Not finished:\nhalf"]


async def test_what_is_to_be_left_of_a_live_message_replaces_it_with_its_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        live = await it.port.send("1", "half\n-# 4 s", rows=[(stop_button(TurnId(1)),)])
        lost = await it.port.send("1", "-# 4 s", nonce="n")
        await it.port.delete("1", gone := await it.port.send("1", "-# 5 s"))
        left = Piece(channel_id="1", action="fold", body="-# 9 s · 1 tool")
        await post(
            it.store,
            replace(left, target_id=live),
            replace(left, target_nonce="n"),
            replace(left, target_id=gone),
        )
        await it.all_sent()
        assert it.port.bodies() == ["-# 9 s · 1 tool"] * 2
        assert [shown.buttons for shown in it.port.messages.values()] == [(), ()]
        assert set(it.port.messages) == {live, lost}
        assert it.outbox.dropped == 0


async def test_a_live_message_that_cannot_be_read_stays_as_it_is(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        live = await it.port.send("1", "half\n-# 4 s")
        it.port.faults = {"written": [ChatRefused()]}
        await post(it.store, Piece(channel_id="1", target_id=live, action="fold"))
        await it.all_sent()
        assert it.port.bodies() == ["half\n-# 4 s"]


async def test_a_live_message_that_is_too_long_when_folded_stays_as_it_is(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        shown = f"{'x' * 1990}\n-# 4 s"
        live = await it.port.send("1", shown)
        await post(it.store, Piece(channel_id="1", target_id=live, action="fold"))
        await it.all_sent()
        assert it.port.bodies() == [shown]
