"""/queue: what runs and waits in this room, and what the buttons under it do."""

from typing import Final, assert_never

from bot.access import Tier
from bot.commands.spec import Call, Command, Rooms
from bot.queue_view import Op, QueueClick, Viewer, clear_view, queue_view
from bot.render import plain
from bot.said import Clicked, Said, after
from sessions.keys import SessionKey

_TOO_LATE: Final = "That one does not wait any more."


async def _run(call: Call) -> Said:
    viewer = Viewer(person_id=call.person.id, tier=call.tier, channel_id=call.place.channel_id)
    return queue_view(await call.rooms.queue(call.key), viewer)


async def press(
    click: QueueClick, rooms: Rooms, key: SessionKey, person_name: str, viewer: Viewer
) -> Clicked:
    """Do what a button under a room's queue says, and show the queue as it is then.

    Whoever calls this has asked whether the viewer may.
    """
    note = aloud = deed = ""
    match click.op:
        case Op.SHOW | Op.CLEAR:
            pass
        case Op.REMOVE:
            removed = click.turn is not None and await rooms.remove(key, click.turn)
            note = "Removed." if removed else _TOO_LATE
            if removed:
                aloud, deed = f"-# {plain(person_name)} removed a message that was waiting.", "remove"
        case Op.UP | Op.FIRST:
            to = "up" if click.op is Op.UP else "first"
            moved = click.turn is not None and await rooms.move(key, click.turn, to)
            note, deed = ("Moved.", "move") if moved else (_TOO_LATE, "")
        case Op.EMPTY:
            count = await rooms.clear(key)
            them = "the one" if count == 1 else f"all {count}"
            note = f"Removed {them} that waited." if count else "Nothing waits any more."
            if count:
                aloud, deed = f"-# {plain(person_name)} removed {them} that waited here.", "clear"
        case Op.PAUSE:
            if await rooms.pause(key, paused=True):
                aloud = f"-# Paused by {plain(person_name)}. Nothing more starts here; `/queue` resumes it."
                deed = "pause"
        case Op.RESUME:
            if await rooms.pause(key, paused=False):
                aloud, deed = f"-# Resumed by {plain(person_name)}.", "resume"
        case _:
            assert_never(click.op)

    async def view() -> Said:
        queue = await rooms.queue(key)
        if click.op is Op.CLEAR and queue.waiting:
            return clear_view(len(queue.waiting), click.page)
        return queue_view(queue, viewer, click.page, note)

    return Clicked(await after(note or ("Done." if deed else ""), view()), aloud, deed)


QUEUE: Final = Command(
    name="queue",
    description="Show what runs and waits in this room; remove, reorder, pause",
    tier=Tier.USER,
    run=_run,
)
