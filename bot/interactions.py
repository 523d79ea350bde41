"""What people do beyond writing: commands, autocomplete, clicks and modals, past the gate."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, assert_never

from bot.access import Deny, Tier
from bot.approvals import AskClick, decide
from bot.chat import Incoming, Person, Place
from bot.clicks import Click, Press, modal_for
from bot.commands import GROUPS, config, memory
from bot.commands.about import AboutClick, press_about
from bot.commands.config import ConfigClick
from bot.commands.help_view import HelpClick, help_view
from bot.commands.memory import MemoryClick
from bot.commands.permissions import press as press_rule
from bot.commands.queue import press
from bot.commands.sessions import press as press_past
from bot.commands.spec import Call, Command, Given, Hint, Rooms
from bot.components import MAX_CHOICES, Choice, Modal
from bot.gate import Admitted, Gate
from bot.interruptions import CutClick, settle
from bot.open_asks import OpenAsks
from bot.past_view import PastClick
from bot.people import People
from bot.permissions_view import RuleClick
from bot.questions import PickClick, pick
from bot.queue_view import QueueClick, Viewer
from bot.refusals import only_theirs, refused
from bot.said import Clicked, Said
from bot.stop_button import StopClick, press_stop
from sessions.errors import AlreadyDecided, UserError
from sessions.store.values import Turn

log = logging.getLogger(__name__)

_MODAL_S: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """The gate, the rooms behind it, and the permission requests that are open in them."""

    gate: Gate
    rooms: Rooms
    asks: OpenAsks

    @property
    def people(self) -> People:
        """Who may do what."""
        return self.gate.people

    def call(
        self,
        command: Command,
        person: Person,
        place: Place,
        call_id: int,
        options: Mapping[str, Given],
        message: Incoming | None = None,
    ) -> Awaitable[Said]:
        """Use a command in a place, or on a message; its place in the room's order is taken on return.

        Raises UserError, StateError (on awaiting).
        """
        call = self._called(command, person, place, call_id, options, message)
        return _refuse(call, command.tier) if isinstance(call, Deny) else command.run(call)

    def form(
        self,
        command: Command,
        person: Person,
        place: Place,
        call_id: int,
        options: Mapping[str, Given],
        message: Incoming | None = None,
    ) -> Awaitable[Modal | None] | None:
        """Return the modal that a command opens instead of running; None if it never opens one.

        Comes within a second, as with `modal`; what is sent with it arrives as a click. Raises as `call`.
        """
        if command.form is None:
            return None
        call = self._called(command, person, place, call_id, options, message)
        return _refuse(call, command.tier) if isinstance(call, Deny) else command.form(call)

    async def suggest(
        self, command: Command, option: str, person: Person, place: Place, options: Mapping[str, Given]
    ) -> Sequence[Choice]:
        """Return what an option may be, from what was typed so far, within a second; () for who may not."""
        given = next((one for one in command.options if one.name == option), None)
        admitted = self._admit(person, place, command.tier, "autocomplete")
        if given is None or given.suggest is None or isinstance(admitted, Deny):
            return ()
        hint = Hint(
            rooms=self.rooms,
            key=admitted.key,
            tier=admitted.tier,
            person=person,
            place=place,
            option=option,
            options=options,
        )
        if given.ready is not None:
            await given.ready(hint)
        return tuple(given.suggest(hint))[:MAX_CHOICES]

    def _called(
        self,
        command: Command,
        person: Person,
        place: Place,
        call_id: int,
        options: Mapping[str, Given],
        message: Incoming | None,
    ) -> Call | Deny:
        admitted = self._admit(person, place, command.tier, "command")
        if isinstance(admitted, Deny):
            return admitted
        return Call(
            rooms=self.rooms,
            people=self.people,
            key=admitted.key,
            person=person,
            place=place,
            tier=admitted.tier,
            source=f"{place.platform}:commands",
            id=call_id,
            options=options,
            message=message,
            asks=self.asks,
        )

    def _admit(self, person: Person, place: Place, needs: Tier, ingress: str) -> Admitted | Deny:
        admitted = self.gate.admit(person, place, needs, ingress)
        if isinstance(admitted, Admitted):
            self.rooms.words.see(admitted.key, place.around)
        return admitted

    async def modal(self, click: Click, person: Person, place: Place) -> Modal | None:
        """Return the modal that a click opens, for whoever may click there; None if it opens none.

        Answers from memory, or soon: Discord gives a click three seconds. Whether the turn is theirs is
        asked when the modal is sent, by `click`. Raises NotAllowed, UserError.
        """
        admitted = self._admit(person, place, click.needs.own, "click")
        if isinstance(admitted, Deny):
            return await _refuse(admitted, click.needs.own)
        try:
            async with asyncio.timeout(_MODAL_S):
                return await modal_for(click, self.rooms, admitted.key)
        except TimeoutError as error:
            raise UserError("That did not open in time. Press it again.") from error

    def click(self, click: Click, person: Person, place: Place, on: str | None = None) -> Awaitable[Clicked]:
        """Do what a button says; returns what the message under it, whose id is `on`, becomes.

        What a form asks has its place in the room's order on return. Raises NotAllowed, and AlreadyDecided
        for what is over or not of this room (on awaiting).
        """
        if not isinstance(click, AboutClick):
            return self._click(click, person, place, on)
        admitted = self._admit(person, place, click.needs.own, "click")
        if isinstance(admitted, Deny):
            return _refuse(admitted, click.needs.own)
        return press_about(click, self.rooms, self.people, admitted.key, person, place)

    async def _click(self, click: Press, person: Person, place: Place, on: str | None) -> Clicked:
        needs = click.needs
        admitted = self._admit(person, place, needs.own, "click")
        if isinstance(admitted, Deny):
            return await _refuse(admitted, needs.own)
        turn = None
        if click.turn is not None:
            turn = await self.rooms.turn(click.turn)
            if turn is None or turn.key != admitted.key:
                raise AlreadyDecided
            is_theirs = turn.prompt.author_id == person.id
            enough = needs.own if is_theirs else needs.others
            admitted = self._admit(person, place, enough, "click")  # that look took its time
            if isinstance(admitted, Deny):
                if is_theirs or admitted.tier is None:
                    return await _refuse(admitted, enough)
                raise only_theirs(turn)
        clicked = await self._clicked(click, turn, person, place, admitted, on)
        if clicked.deed:
            about = f"room {admitted.key}" if turn is None else f"turn {turn.id}"
            await self.people.note(person, clicked.deed, about, clicked.detail)
        return clicked

    async def _clicked(
        self,
        click: Press,
        turn: Turn | None,
        person: Person,
        place: Place,
        admitted: Admitted,
        on: str | None,
    ) -> Clicked:
        match click:
            case AskClick():
                if turn is None:
                    raise AlreadyDecided
                return await decide(click, person, turn, self.asks, self.rooms, on)
            case PickClick():
                return await pick(click, person.name, self.asks, self.rooms, on)
            case RuleClick():
                return await press_rule(click, self.rooms, admitted.key, person, admitted.tier)
            case CutClick():
                return Clicked(Said(await settle(click, person.name, self.rooms)), deed=click.how.value)
            case StopClick():
                return press_stop(click, admitted.key, self.rooms)
            case QueueClick():
                viewer = Viewer(person_id=person.id, tier=admitted.tier, channel_id=place.channel_id)
                return await press(click, self.rooms, admitted.key, person.name, viewer)
            case ConfigClick():
                return await config.press(click, self.rooms, admitted.key, person.name, admitted.tier)
            case MemoryClick():
                return await memory.press(click, self.rooms, admitted.key)
            case PastClick():
                tier = admitted.tier
                return await press_past(click, self.rooms, self.people, admitted.key, person, place, tier)
            case HelpClick():
                return Clicked(help_view(GROUPS, admitted.tier, click.page))
            case _:
                assert_never(click)


async def _refuse(verdict: Deny, needs: Tier) -> NoReturn:
    log.debug("a person is not allowed", extra={"reason": verdict.reason})
    raise refused(verdict, needs)
