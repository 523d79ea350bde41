"""/cwd: where this room's agent works, and what else of this machine it sees."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Final

from bot.access import Tier
from bot.commands.in_line import is_paused, turns_before
from bot.commands.spec import Call, Command, Option
from bot.commands.status import seen_beside, shown_path
from bot.said import Said
from sessions.errors import UserError
from sessions.rearranged import OWN, Act, Rearrangement
from sessions.store.values import Accepted, Inbound, Kind

_ACTS: Final[tuple[Act, ...]] = ("directory", "mount", "unmount")
_PATH_CHARS: Final = 500


def _run(call: Call) -> Awaitable[Said]:
    # Not a coroutine: the place in the order is taken by the call, before the chat is answered.
    try:
        change = _change(call)
    except UserError as error:
        return _refused(error)
    if change is None:
        return _shown(call)
    accepted = call.rooms.accept(
        Inbound(
            source=call.source,
            msg_id=call.id,
            key=call.key,
            address=call.address,
            prompt=replace(call.prompt, text=change.model_dump_json()),
            kind=Kind.CWD,
        )
    )
    return _said(call, accepted, change)


def _change(call: Call) -> Rearrangement | None:
    named: list[Act] = [act for act in _ACTS if call.text(act).strip()]
    if len(named) > 1:
        raise UserError("Name one of `directory`, `mount` and `unmount` at a time.")
    if call.flag("writable") and named != ["mount"]:
        raise UserError("`writable` goes with `mount`.")
    if not named:
        return None
    act = named[0]
    path = call.text(act).strip()
    if len(path) > _PATH_CHARS or not path.isprintable():
        raise UserError(f"A path here has at most {_PATH_CHARS} characters, all of which can be seen.")
    if act == "directory":
        if path != OWN and not path.startswith(("/", "~/")):
            raise UserError(f"`directory` takes an absolute path, as in `/srv/project`, or `{OWN}`.")
    elif not path.startswith("/"):
        raise UserError(f"`{act}` takes an absolute path, as in `/srv/repo`.")
    return Rearrangement(act=act, path=path, writable=call.flag("writable"))


async def _refused(error: UserError) -> Said:
    raise error


async def _shown(call: Call) -> Said:
    status = await call.rooms.status(call.key)
    workdir = "its own, made with the first message here"
    if status.record is not None:
        workdir = shown_path(status.record.workdir)
    beside = seen_beside(status.mounts)
    if status.isolation == "none":
        beside = (
            f"{beside or 'Nothing is mounted.'}\n-# Agents here are not boxed: each sees what Roomkey sees."
        )
    beside = beside or "Sees nothing beside its room."
    return Said(f"Workdir: {workdir}\n{beside}")


async def _said(call: Call, accepted: Awaitable[Accepted], change: Rearrangement) -> Said:
    ahead = (await accepted).ahead
    how = " (read and write)" if change.writable else ""
    await call.note("cwd", f"room {call.key}", f"{change.act} {change.path}{how}")
    if await is_paused(call.rooms, call.key):
        return Said("This room is paused. It is changed once `/queue` resumes it.")
    if not ahead:
        return Said("The directory is checked, then this room is changed. The result is posted here.")
    return Said(f"This room is changed when {turns_before(ahead)}. The result is posted here then.")


CWD: Final = Command(
    name="cwd",
    description="Show where this room's agent works and what else it sees; change it",
    tier=Tier.OWNER,
    run=_run,
    options=(
        Option(
            name="directory", description=f"Let it work in this directory, or in its “{OWN}”", kind="path"
        ),
        Option(name="mount", description="Let it read this directory or file as well", kind="path"),
        Option(name="writable", description="Let it also write what is mounted"),
        Option(name="unmount", description="Take this one away again", kind="path"),
    ),
)
