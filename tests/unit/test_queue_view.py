"""A queue as a person sees it: its pages, its buttons, and what a click does."""

from dataclasses import replace

import pytest

from bot.access import Tier
from bot.commands.queue import press
from bot.measure import units
from bot.queue_view import Op, QueueClick, parse_queue, queue_view
from bot.said import Said
from sessions.keys import TurnId
from sessions.manager import Queue
from sessions.store.values import Attachment, Kind, Prompt, Turn
from tests.support.desk_rooms import ANN, KEY, Rooms, turn
from tests.support.said_buttons import buttons_of

FILE = Attachment(id="1", name="a", url="", size_bytes=1)


def queue(*waiting: Turn, running: Turn | None = None, paused: bool = False) -> Queue:
    return Queue(running=running, waiting=waiting, paused=paused)


def many(count: int) -> Queue:
    return queue(*(turn(number, f"word{number}.") for number in range(1, count + 1)))


def labels(said: Said) -> list[str]:
    return [button.label for button in buttons_of(said)]


def click(said: Said, label: str) -> QueueClick:
    [action] = [button.action for button in buttons_of(said) if button.label == label]
    found = parse_queue(action)
    assert found is not None
    return found


def test_it_tells_who_said_what_and_since_when() -> None:
    text = queue_view(queue(turn(2, "then test"), running=turn(1, "build it")), ANN).text
    since = f"<t:{turn(1).created.timestamp():.0f}:R>"
    assert f"▶️ **ann**: build it · {since}" in text
    assert f"1\\. **ann**: then test · {since}" in text
    assert "running · 1 waiting" in text


def test_a_user_is_offered_what_they_may_press() -> None:
    theirs, others = turn(1), replace(turn(2), prompt=Prompt(text="x", author_id="8", author_name="ben"))
    user = replace(ANN, tier=Tier.USER)
    assert labels(queue_view(queue(theirs, others, *many(6).waiting), user)) == [
        *("Remove 1", "Remove 3", "Remove 4"),
        *("Refresh", "More"),
    ]
    assert labels(queue_view(queue(others), user)) == ["Refresh"]
    assert "Move 2 up" in labels(queue_view(queue(theirs, others), ANN))


def test_an_empty_queue_says_so_and_can_be_paused() -> None:
    said = queue_view(queue(), ANN)
    assert "nothing runs · nothing waits" in said.text
    assert labels(said) == ["Pause", "Refresh"]


def test_a_paused_queue_says_so_and_can_be_resumed() -> None:
    said = queue_view(replace(many(1), paused=True), ANN)
    assert "**paused**" in said.text
    assert labels(said) == ["Remove 1", "Clear", "Resume", "Refresh"]


@pytest.mark.parametrize("page", range(4))
def test_every_page_fits_a_message_and_no_two_buttons_are_alike(page: int) -> None:
    waiting = [turn(10**17 + number, "*" * 3000) for number in range(13)]
    said = queue_view(replace(queue(*waiting), running=waiting[0], paused=True), ANN, page, "Moved.")
    assert units(said.text) <= 2000
    assert len(said.rows) <= 5
    assert all(isinstance(row, tuple) and 1 <= len(row) <= 5 for row in said.rows)
    actions = [button.action for button in buttons_of(said)]
    assert len(set(actions)) == len(actions)
    assert max(map(len, actions)) <= 100


def test_pages_lead_forth_and_back_over_all_that_wait() -> None:
    said, seen = queue_view(many(9), ANN), list[str]()
    while True:
        seen += [number for number in map(str, range(1, 10)) if f"word{number}." in said.text]
        if "More" not in labels(said):
            break
        said = queue_view(many(9), ANN, click(said, "More").page)
    assert seen == list("123456789")
    assert "9 to 9 of 9" in said.text
    assert "word8." in queue_view(many(9), ANN, click(said, "Back").page).text


def test_a_page_that_is_gone_becomes_the_last() -> None:
    assert "word5." in queue_view(many(5), ANN, 7).text
    assert "nothing waits" in queue_view(queue(), ANN, 7).text


def test_neither_words_nor_speakers_are_shown_of_what_was_said_in_another_channel() -> None:
    text = queue_view(
        queue(turn(2, "a secret", channel="2"), running=turn(1, "secret", channel="2")), ANN
    ).text
    assert "secret" not in text
    assert "ann" not in text.replace("channel", "")
    assert text.count("something said in another channel") == 2


def test_what_people_say_is_only_words() -> None:
    hostile = turn(1, "@everyone **look**\n# at <@7>")
    text = queue_view(queue(hostile), ANN).text
    assert "\\@everyone \\*\\*look\\*\\* # at \\<\\@7\\>" in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (turn(1, "x" * 81), f"{'x' * 80}… ·"),
        (replace(turn(1), kind=Kind.RESET), "`/reset` ·"),
        (replace(turn(1), kind=Kind.CWD), "`/cwd` ·"),
        (replace(turn(1), prompt=Prompt(text="", attachments=(FILE,))), "1\\. 1 file ·"),
        (replace(turn(1), prompt=Prompt(text="see", attachments=(FILE, FILE))), "1\\. see + 2 files ·"),
    ],
)
def test_an_entry_is_short(said: Turn, words: str) -> None:
    assert words in queue_view(queue(said), ANN).text


@pytest.mark.parametrize(
    "action",
    ["", "rk:queue", "rk:queue:dance:0", "rk:queue:show:", "rk:queue:remove:0:x", "rk:queue:show:0:1:2"],
)
def test_foreign_actions_mean_nothing(action: str) -> None:
    assert parse_queue(action) is None


@pytest.mark.parametrize(
    ("label", "order", "note", "aloud"),
    [
        ("Remove 2", [1, 3, 4], "Removed.", "-# \\*ann\\* removed a message that was waiting."),
        ("Move 3 up", [1, 3, 2, 4], "Moved.", ""),
        ("Run 4 next", [4, 1, 2, 3], "Moved.", ""),
        ("Refresh", [1, 2, 3, 4], "**Queue", ""),
    ],
)
async def test_a_click_changes_the_queue_and_shows_it_and_a_removal_is_said_aloud(
    label: str, order: list[int], note: str, aloud: str
) -> None:
    rooms = Rooms(waiting=list(many(4).waiting))
    view = queue_view(await rooms.queue(KEY), ANN)
    clicked = await press(click(view, label), rooms, KEY, "*ann*", ANN)
    assert [one.id for one in rooms.waiting] == order
    assert clicked.message == queue_view(await rooms.queue(KEY), ANN, 0, note if "Queue" not in note else "")
    assert clicked.message.text.startswith(note)
    assert clicked.aloud == aloud


@pytest.mark.parametrize("op", [Op.REMOVE, Op.UP, Op.FIRST])
async def test_what_does_not_wait_any_more_is_told(op: Op) -> None:
    for gone in (TurnId(9), None):
        clicked = await press(QueueClick(op, 0, gone), Rooms(waiting=[turn(1)]), KEY, "ann", ANN)
        assert clicked.message.text.startswith("That one does not wait any more.")
        assert not clicked.aloud


async def test_clearing_asks_once_more_and_is_said_aloud() -> None:
    rooms = Rooms(waiting=list(many(3).waiting))
    asked = (await press(click(await view(rooms), "Clear"), rooms, KEY, "ann", ANN)).message
    assert labels(asked) == ["Remove all 3", "Keep them"]
    assert len(rooms.waiting) == 3
    kept = await press(click(asked, "Keep them"), rooms, KEY, "ann", ANN)
    assert kept.message == await view(rooms)
    done = await press(click(asked, "Remove all 3"), rooms, KEY, "ann", ANN)
    assert done.message.text.startswith("Removed all 3 that waited.")
    assert done.aloud == "-# ann removed all 3 that waited here."
    assert not rooms.waiting
    again = await press(click(asked, "Remove all 3"), rooms, KEY, "ann", ANN)
    assert again.message.text.startswith("Nothing waits any more.")
    assert not again.aloud


async def test_clearing_what_is_empty_by_now_asks_nothing() -> None:
    clicked = await press(QueueClick(Op.CLEAR), Rooms(), KEY, "ann", ANN)
    assert clicked.message == queue_view(queue(), ANN)


async def test_pausing_and_resuming_are_said_aloud_once() -> None:
    rooms = Rooms(waiting=list(many(1).waiting))
    before = await view(rooms)
    paused = await press(click(before, "Pause"), rooms, KEY, "*ann*", ANN)
    assert paused.aloud == "-# Paused by \\*ann\\*. Nothing more starts here; `/queue` resumes it."
    assert not (await press(click(before, "Pause"), rooms, KEY, "ben", ANN)).aloud
    resumed = await press(click(paused.message, "Resume"), rooms, KEY, "ben", ANN)
    assert resumed.aloud == "-# Resumed by ben."
    assert not (await press(click(paused.message, "Resume"), rooms, KEY, "ann", ANN)).aloud


async def view(rooms: Rooms) -> Said:
    return queue_view(await rooms.queue(KEY), ANN)
