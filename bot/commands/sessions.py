"""/sessions: a room's sessions, present and past, and what the buttons under them do."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, assert_never

from bot.access import Tier
from bot.chat import Person, Place
from bot.commands.in_line import is_paused
from bot.commands.resume import may_see
from bot.commands.spec import Call, Command, Rooms
from bot.components import FileOut
from bot.past_view import Op, PastClick, delete_view, past_view, session_view, title_or_none
from bot.people import People
from bot.render import plain
from bot.said import Clicked, Said, after
from sessions.errors import UserError
from sessions.keys import SessionKey
from sessions.past import PastSession
from sessions.store.values import ChatAddress, Inbound, Kind, Prompt
from sessions.switching import Resumption

_FILE_BYTES: Final = 8 * 1024 * 1024
_CUT: Final = "\n\n(The rest is left out: it does not fit into a file here.)\n"


async def _run(call: Call) -> Said:
    return past_view(await _seen_by(call.rooms, call.key, call.tier, call.place), datetime.now(UTC))


async def press(
    click: PastClick, rooms: Rooms, people: People, key: SessionKey, person: Person, place: Place, tier: Tier
) -> Clicked:
    """Do what a button or menu under a room's sessions says. Raises UserError, StateError.

    Whoever calls this has asked whether the person may.
    """
    if click.op is Op.SHOW:
        return Clicked(past_view(await _seen_by(rooms, key, tier, place), datetime.now(UTC), click.page))
    one = await rooms.past.find(key, click.ref)
    if not may_see(one, tier, place):
        raise UserError("There is no such session any more. `/sessions` shows those that are there.")
    match click.op:
        case Op.PICK:
            return Clicked(session_view(one, tier, click.page))
        case Op.RESUME:
            return await _resume(one, rooms, people, key, person, place, tier)
        case Op.EXPORT:
            one, text = await rooms.past.text(key, click.ref)
            file = FileOut("session.md", _fitting(f"# {title_or_none(one)}\n\n{text}\n"))
            return Clicked(
                Said("Everything that was said in it, as a file.", files=(file,)),
                deed="export session",
                private=True,
                detail=one.ref,
            )
        case Op.ASK:
            if one.state != "former":
                raise UserError("Only a former session can be deleted. `/new` leaves the one that is open.")
            return Clicked(delete_view(one, click.page))
        case Op.DELETE:
            await rooms.past.delete(key, click.ref)
            note = f"Deleted **{plain(title_or_none(one)[:200])}** for good."

            async def view() -> Said:
                return past_view(await _seen_by(rooms, key, tier, place), datetime.now(UTC), click.page, note)

            return Clicked(await after(note, view()), deed="delete session", detail=one.ref)
        case _:
            assert_never(click.op)


async def _resume(
    one: PastSession,
    rooms: Rooms,
    people: People,
    key: SessionKey,
    person: Person,
    place: Place,
    tier: Tier,
) -> Clicked:
    owner = tier >= Tier.OWNER
    wanted = Resumption(id=one.agent_session_id, owner=owner, server=place.guild_id)
    prompt = Prompt(
        text=wanted.model_dump_json(),
        author_id=person.id,
        author_name=person.name,
        asker=people.asker(person, place),
    )
    # A second click is a second turn of its own: by then the room is in that session, and says so.
    row = Inbound(
        source=f"{place.platform}:clicks",
        msg_id=secrets.randbits(62),
        key=key,
        address=ChatAddress(platform=place.platform, channel_id=place.channel_id),
        prompt=prompt,
        kind=Kind.RESUME,
    )
    ahead = (await rooms.accept(row)).ahead
    when = "now" if not ahead else "when what is before this has ended"
    if await is_paused(rooms, key):
        when = "once `/queue` resumes this room, which is paused"
    text = f"This room goes on with **{plain(title_or_none(one)[:200])}** {when}. The result is posted here."
    return Clicked(Said(text), deed="resume", detail=one.ref)


async def _seen_by(rooms: Rooms, key: SessionKey, tier: Tier, place: Place) -> Sequence[PastSession]:
    return [one for one in await rooms.past.sessions(key) if may_see(one, tier, place)]


def _fitting(text: str) -> bytes:
    whole = text.encode("utf-8", "replace")
    if len(whole) <= _FILE_BYTES:
        return whole
    return whole[: _FILE_BYTES - len(_CUT)].decode("utf-8", "ignore").encode() + _CUT.encode()


SESSIONS: Final = Command(
    name="sessions",
    description="List the sessions of this room, present and past; resume, export, delete",
    tier=Tier.USER,
    run=_run,
)
