"""/config: every setting of this room with where it comes from, changed in place; what its clicks do."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from bot.access import Needs, Tier
from bot.commands.spec import Call, Command, Rooms
from bot.components import Modal, Pressed
from bot.room_view import (
    Explained,
    aloud_line,
    changed_line,
    may_set,
    setting_modal,
    setting_view,
    settings_view,
    value_of,
)
from bot.said import Clicked, Said
from sessions.keys import SessionKey
from sessions.room_settings import NAMES


class Op(StrEnum):
    """What can be done under /config and with its modals. `FILL` opens a modal, `TEXT` is what it sends."""

    SHOW = "show"
    PICK = "pick"
    TO = "to"
    UNSET = "unset"
    FILL = "fill"
    TEXT = "text"


_ACTION: Final = re.compile(r"rk:set:(?:(?P<plain>show|pick)|(?P<op>to|unset|fill|text):(?P<name>[a-z_]+))")


@dataclass(frozen=True, slots=True)
class ConfigClick:
    """What somebody does with a room's settings: with the one of that `name`, "" for none."""

    op: Op
    name: str = ""
    value: str = ""

    @property
    def needs(self) -> Needs:
        """All may look; to change something takes whoever may set it."""
        tier = Tier.USER if self.op in (Op.SHOW, Op.PICK) else may_set(self.name)
        return Needs(tier, others=tier)

    @property
    def turn(self) -> None:
        """No turn is meant."""


def parse_config(pressed: Pressed) -> ConfigClick | None:
    """Return what somebody did; None if it is none of these."""
    found = _ACTION.fullmatch(pressed.action)
    if found is None:
        return None
    value = pressed.values[0] if pressed.values else pressed.fields.get("value", "")
    if found["plain"]:
        op = Op(found["plain"])
        if op is Op.SHOW:
            return ConfigClick(op)
        return ConfigClick(op, value) if value in NAMES else None
    return ConfigClick(Op(found["op"]), found["name"], value) if found["name"] in NAMES else None


async def press(click: ConfigClick, rooms: Rooms, key: SessionKey, person_name: str, tier: Tier) -> Clicked:
    """Do what was clicked, and show the room's settings as they are then. Raises UserError, StateError.

    Whoever calls this has asked whether the person may.
    """
    match click.op:
        case Op.SHOW:
            return Clicked(settings_view(explained(rooms, key), tier))
        case Op.PICK | Op.FILL:
            room = explained(rooms, key)
            if tier < may_set(click.name):
                return Clicked(settings_view(room, tier))
            return Clicked(setting_view(room, click.name))
        case Op.TO | Op.UNSET | Op.TEXT:
            text = "" if click.op is Op.UNSET else click.value
            said = await change(rooms, key, click.name, text, person_name)
            shown = settings_view(explained(rooms, key), tier, said.text)
            detail = "" if click.name == "prompt" else text
            return Clicked(shown, aloud=said.aloud, deed=f"set {click.name}", detail=detail)
        case _:
            assert_never(click.op)


def form(click: ConfigClick, rooms: Rooms, key: SessionKey) -> Modal | None:
    """Return the modal that a click opens; None if it opens none."""
    return setting_modal(explained(rooms, key), click.name) if click.op is Op.FILL else None


def explained(rooms: Rooms, key: SessionKey) -> Explained:
    """Return what holds in a room, and why, from memory."""
    (settings, origins), (inherited, below) = rooms.words.explained(key), rooms.words.inherited(key)
    return Explained(settings=settings, origins=origins, inherited=inherited, inherited_origins=below)


async def change(rooms: Rooms, key: SessionKey, name: str, text: str, person_name: str) -> Said:
    """Let a room have what a text stands for, "" and `inherit` for what is around it.

    Returns what to say about it. Raises UserError, StateError.
    """
    await rooms.words.change(key, {name: value_of(name, text)})
    room = explained(rooms, key)
    return Said(changed_line(name, room), aloud=aloud_line(name, room, person_name))


async def changed(call: Call, name: str, text: str) -> Said:
    """Do the same for a command, and write it down."""
    said = await change(call.rooms, call.key, name, text, call.person.name)
    await call.note(f"set {name}", f"room {call.key}", "" if name == "prompt" else text)
    return said


async def _run(call: Call) -> Said:
    return settings_view(explained(call.rooms, call.key), call.tier)


CONFIG: Final = Command(
    name="config",
    description="Show every setting of this room and where it comes from; change it in place",
    tier=Tier.USER,
    run=_run,
)
