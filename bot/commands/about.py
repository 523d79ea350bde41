"""Ask about this: a question about any message here, filled in beside it and answered in this room."""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, NoReturn

from bot.access import Needs, Tier
from bot.chat import Person, Place
from bot.commands.spec import Call, Command, Rooms
from bot.components import Field, Modal, Pressed
from bot.people import People
from bot.render import plain
from bot.said import Clicked, Said
from sessions.errors import UserError
from sessions.keys import SessionKey, TurnId
from sessions.store.values import ChatAddress, Inbound, Prompt

_ACTION: Final = re.compile(r"rk:about:(?P<message>[0-9]{1,20}):(?P<call>[0-9]{1,20})")
_QUESTION: Final = "question"
_SHOWN_CHARS: Final = 500
_NO_MESSAGE: Final = "Use this on a message: right-click it (hold it on a phone), then Apps."


@dataclass(frozen=True, slots=True)
class AboutClick:
    """The sent form: a question about a message. `call` is the use of the command that opened it."""

    message: int
    call: int
    question: str = ""

    @property
    def turn(self) -> TurnId | None:
        """It concerns no turn."""
        return None

    @property
    def needs(self) -> Needs:
        """Who may ask."""
        return Needs(Tier.USER, others=Tier.USER)


def parse_about(pressed: Pressed) -> AboutClick | None:
    """Return what a sent form asks; None if it is none of these."""
    found = _ACTION.fullmatch(pressed.action)
    if found is None:
        return None
    return AboutClick(int(found["message"]), int(found["call"]), pressed.fields.get(_QUESTION, ""))


def press_about(
    click: AboutClick, rooms: Rooms, people: People, key: SessionKey, person: Person, place: Place
) -> Awaitable[Clicked]:
    """Ask in a room; its place in the order is taken now. Raises UserError, StateError on awaiting."""
    question = click.question.strip()
    if not question:
        return _without_question()
    # The message is read when the turn runs: what it says stands in the chat, and may be long.
    prompt = Prompt(
        text=question,
        author_id=person.id,
        author_name=person.name,
        asker=people.asker(person, place),
        about=str(click.message),
    )
    address = ChatAddress(platform=place.platform, channel_id=place.channel_id)
    row = Inbound(
        source=f"{place.platform}:about", msg_id=click.call, key=key, address=address, prompt=prompt
    )
    return _asked(rooms.accept(row), question, person, _link(click, place))


async def _asked(accepting: Awaitable[object], question: str, person: Person, link: str) -> Clicked:
    await accepting
    shown = plain(question[:_SHOWN_CHARS]) + ("…" if len(question) > _SHOWN_CHARS else "")
    aloud = f"**{plain(person.name)}** asks about {link}: {shown}"
    return Clicked(Said("Asked. The answer comes here, for everybody."), aloud=aloud)


async def _without_question() -> NoReturn:
    raise UserError("There was no question. Use **Ask about this** again and write one.")


async def _form(call: Call) -> Modal | None:
    if call.message is None:
        return None
    return Modal(
        action=f"rk:about:{call.message.message_id}:{call.id}",
        title="Ask about this message",
        fields=(
            Field(
                name=_QUESTION,
                label="Your question",
                hint="The message is quoted to the agent; answered in this room.",
                long=True,
                limit=1500,
            ),
        ),
    )


async def _run(_call: Call) -> Said:
    return Said(_NO_MESSAGE)


def _link(click: AboutClick, place: Place) -> str:
    guild = place.guild_id or "@me"
    return f"[this message](https://discord.com/channels/{guild}/{place.channel_id}/{click.message})"


ABOUT: Final = Command(
    name="Ask about this",
    description="Ask the agent of this room about a message",
    tier=Tier.USER,
    run=_run,
    on_message=True,
    form=_form,
)
