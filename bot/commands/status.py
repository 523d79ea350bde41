"""/status: what this room is, does and costs, and how to go on with it in a terminal."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, assert_never

from bot.access import Tier
from bot.commands.spec import Call, Command, Option
from bot.durations import ago
from bot.open_asks import CardView
from bot.render import plain, shortened
from bot.reply_state import elapsed
from bot.room_view import MODES
from bot.said import Said
from sessions.apartness import WHAT, Apartness
from sessions.box.mounts import Mount
from sessions.keys import SessionKey
from sessions.manager import RoomStatus
from sessions.records import SessionRecord
from sessions.room_settings import RoomSettings
from sessions.store.past import Trouble

_ISOLATION: Final = {
    "strict": "strict: a box and a network of its own",
    "bwrap": "bwrap: a box of its own; no other room, no state of the bot, the network is shared",
    "landlock": "landlock: no file of another room can be reached; processes and the network are shared",
    "none": "none: agents are kept apart by directories alone",
}
_WHEN_BUSY: Final = {
    "queue": "waits",
    "steer": "is handed to what runs",
    "interrupt": "ends what runs",
}
_ON_INTERRUPT: Final = {
    "ask": "waits for your decision",
    "resume": "goes on by itself",
    "fail": "is given up",
}
_NAMED: Final = 5
_CAUSE_UNITS: Final = 300


async def _run(call: Call) -> Said:
    status = await call.rooms.status(call.key)
    lines = [status_text(status, call.place.channel_id)]
    if call.flag("verbose"):
        apart = await call.rooms.apartness(call.key)
        lines += [proof(apart, names=call.tier >= Tier.OPERATOR)]
    card = None if status.state != "asking" else await _asked(call)
    if card is None:
        return Said("\n".join(lines))
    return Said("\n".join([*lines, "", card.text]), card.rows, files=card.files)


async def _asked(call: Call) -> CardView | None:
    """Return what is asked here right now as its card shows it: that one may be lost, or was refused."""
    running = (await call.rooms.queue(call.key)).running
    if running is None or running.address.channel_id != call.place.channel_id:
        return None  # of what is asked in another channel not a word is shown
    views = [entry.view() for entry in call.asks.of_turn(running.id)]
    return next((view for view in views if view.text), None)


def status_text(status: RoomStatus, channel_id: str) -> str:
    """Return everything about a room that a person in a channel of it may want to know, in Markdown."""
    room = status.settings
    model = _code(room.model) if room.model else "the agent's choice"
    effort = f" · effort: {room.effort}" if room.effort else ""
    process = "running" if status.live else "not running"
    paused = " · **paused**: `/queue` resumes it" if status.paused else ""
    busy, cut = _WHEN_BUSY[room.when_busy], _ON_INTERRUPT[room.on_interrupt]
    lines = [
        f"**Room** {_code(status.key)} · {_state(status)} · {status.waiting} waiting{paused}",
        f"Agent: {status.vendor} · model: {model}{effort} · process: {process}",
        f"Mode: `{room.permission_mode}`: it {MODES[room.permission_mode]}",
        f"Isolation: {_ISOLATION.get(status.isolation, status.isolation)}{_network(status.reaches)}",
        f"While a turn runs, a new message {busy}; after a restart, a turn that was cut off {cut}.",
        f"Shown: display {room.display} · thinking {room.thinking} · footer {room.footer}{_prompt(room)}",
    ]
    if status.mounts:
        lines.append(seen_beside(status.mounts))
    if status.trouble is not None:
        lines += _trouble(status.trouble, is_here=status.trouble.channel_id == channel_id)
    if status.record is None:
        return "\n".join([*lines, "Session: none yet; the first message here starts one."])
    lines += _session(status.record)
    if status.terminal_command is not None:
        lines.append(f"Go on in a terminal:\n```sh\n{status.terminal_command}\n```")
    return "\n".join(lines)


def proof(apart: Apartness, *, names: bool) -> str:
    """Return what a room shares with others, in words; with their `names` for who may know them."""
    count = apart.others
    if not count:
        return "Apart: there is no other room yet."
    others = "the one other room" if count == 1 else f"any of the {count} other rooms"
    if apart.shared is None:
        return f"Apart: shares no {', '.join(WHAT[:-1])} or {WHAT[-1]} with {others}."
    return "\n".join(f"**Not apart**: {_shared(what, keys, names)}." for what, keys in apart.shared.items())


def _shared(what: str, keys: Sequence[SessionKey], names: bool) -> str:
    with_whom = "another room" if len(keys) == 1 else f"{len(keys)} other rooms"
    named = f" ({', '.join(map(_code, keys[:_NAMED]))})" if names else ""
    return f"its {what} is shared with {with_whom}{named}"


def _prompt(room: RoomSettings) -> str:
    return " · with a room prompt: `/config`" if room.prompt else ""


def seen_beside(mounts: Iterable[Mount]) -> str:
    """Return what an agent sees beside its room, as one line; "" for nothing."""
    shown = ", ".join(_mount(mount) for mount in mounts)
    return shown and f"Sees beside its room: {shown}"


def shown_path(path: Path) -> str:
    """Return a path as it stands in a message."""
    return _code(str(path))


def _network(reaches: tuple[str, ...] | None) -> str:
    if reaches is None:
        return ""
    beside = f" and {', '.join(map(_code, reaches))}" if reaches else ""
    return f"; all that it reaches outside is its model{beside}"


def _trouble(trouble: Trouble, *, is_here: bool) -> list[str]:
    """Return what went wrong last, when, and what to do; an answer that arrives ends it."""
    at = ago(trouble.ended)
    if not is_here:  # of what was said in another channel not a word is shown
        return [f"**Last error** {at}: in another channel that shares this room. `/status` there tells more."]
    if trouble.lost:
        return [
            f"**Last error** {at}: the answer did not arrive. {plain(shortened(trouble.lost, _CAUSE_UNITS))}",
            "-# Give me what I lack here (`roomkey doctor` names it), then ask me to say it again.",
        ]
    cause = plain(shortened(trouble.cause, _CAUSE_UNITS)) or "the agent failed and gave no reason."
    return [
        f"**Last error** {at}: {cause}",
        "-# Your next message here is a new try. If it fails again, `/new` starts fresh.",
    ]


def _session(record: SessionRecord) -> list[str]:
    turns = "1 turn" if record.turn_count == 1 else f"{record.turn_count} turns"
    return [
        f"Session: {_code(record.agent_session_id)} · {turns} · since <t:{record.created.timestamp():.0f}:f>",
        f"Workdir: {_code(str(record.workdir))}",
        f"Memory: {_code(str(record.memory_dir))}",
        f"Context: {_context(record)} · cost so far: ${record.cost_usd:.2f}, as the agent counts it",
    ]


def _state(status: RoomStatus) -> str:
    match status.state:
        case "idle":
            return "idle"
        case "running":
            took = "" if status.running_for_s is None else f" for {elapsed(status.running_for_s)}"
            return f"running{took}"
        case "asking":
            return "waiting for your permission"
        case _:
            assert_never(status.state)


def _context(record: SessionRecord) -> str:
    if record.context_tokens is None:
        return "not known yet"
    if not record.context_window:
        return f"{record.context_tokens:,} tokens"
    share = record.context_tokens / record.context_window
    return f"{record.context_tokens:,} of {record.context_window:,} tokens ({share:.0%})"


def _mount(mount: Mount) -> str:
    return f"{_code(str(mount.path))} (read{' and write' if mount.writable else ' only'})"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


STATUS: Final = Command(
    name="status",
    description="Show what this room is, does and costs, and how to go on in a terminal",
    tier=Tier.USER,
    run=_run,
    options=(Option(name="verbose", description="Also prove that this room shares nothing with any other"),),
)
