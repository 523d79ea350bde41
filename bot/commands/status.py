"""/status: what this room is, does and costs, and how to go on with it in a terminal."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, assert_never

from bot.access import Tier
from bot.commands.spec import Call, Command
from bot.reply_state import elapsed
from bot.said import Said
from sessions.box.mounts import Mount
from sessions.manager import RoomStatus
from sessions.records import SessionRecord

_ISOLATION: Final = {
    "strict": "strict: a box and a network of its own",
    "bwrap": "bwrap: a box of its own; no other room, no state of the bot, the network is shared",
    "landlock": "landlock: no file of another room can be reached; processes and the network are shared",
    "none": "none: agents are kept apart by directories alone",
}
_WHEN_BUSY: Final = {
    "queue": "waits for its turn",
    "steer": "is handed to what runs",
    "interrupt": "ends what runs",
}
_ON_INTERRUPT: Final = {
    "ask": "asks what shall become of it",
    "resume": "goes on by itself",
    "fail": "is given up",
}


async def _run(call: Call) -> Said:
    return Said(status_text(await call.rooms.status(call.key)))


def status_text(status: RoomStatus) -> str:
    """Return everything about a room that a person may want to know, in Markdown."""
    model = status.model or "the agent's default"
    process = "running" if status.live else "not running"
    paused = " · **paused**: `/queue` resumes it" if status.paused else ""
    busy, cut = _WHEN_BUSY[status.when_busy], _ON_INTERRUPT[status.on_interrupt]
    lines = [
        f"**Room** {_code(status.key)} · {_state(status)} · {status.waiting} waiting{paused}",
        f"Agent: {status.vendor} · model: {model} · mode: {status.permission_mode} · process: {process}",
        f"Isolation: {_ISOLATION.get(status.isolation, status.isolation)}{_network(status.reaches)}",
        f"What is said during a turn {busy}; a turn that a restart cuts off {cut}.",
    ]
    if status.mounts:
        lines.append(seen_beside(status.mounts))
    if status.record is None:
        return "\n".join([*lines, "Session: none yet; the first message here starts one."])
    lines += _session(status.record)
    if status.terminal_command is not None:
        lines.append(f"Go on in a terminal:\n```sh\n{status.terminal_command}\n```")
    return "\n".join(lines)


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
    description="What this room is, does and costs, and how to go on in a terminal",
    tier=Tier.USER,
    run=_run,
)
