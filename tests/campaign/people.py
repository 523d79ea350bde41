"""The people of a batch: they speak in every place, click what asks them, and remember all they said."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bot.demo.guild import ApiError, Refused, Unseen
from bot.demo.guild.actors import Person
from bot.demo.guild.limits import walk
from bot.demo.guild.model import Message
from bot.demo.guild.places import Place
from tests.campaign.bench import LISTEN, PEOPLE, Bench
from tests.campaign.oracle import ALPHA, OMEGA, Kind, Said, numbers_in

_KINDS: Final[tuple[Kind, ...]] = ("quick", "quick", "quick", "tool", "slow", "long")
_CHOICES: Final = ("Retry", "Continue", "Retry", "Drop")
_DELETED: Final = 0.06
_EDITED: Final = 0.1
_ANSWER_S: Final = 30.0
_CLICK_S: Final = 5.0


@dataclass(slots=True)
class People:
    """Everybody who speaks to one bench's bot, seeded."""

    bench: Bench
    random: Random
    said: list[Said] = field(default_factory=list[Said])
    clicks: Counter[int] = field(default_factory=Counter[int])
    deleted: set[int] = field(default_factory=set[int])

    async def speak(self, kind: Kind | None = None, place: Place | None = None) -> Said:
        """Let somebody say something somewhere."""
        place = place or self.random.choice(self.bench.places())
        person = self.somebody_in(place)
        kind = kind or self.random.choice(_KINDS)
        number = len(self.said)
        message = await person.says(self._phrase(kind, number), place)
        listening = {self.bench.guild.channel(one).id for one in LISTEN}
        said = Said(number, kind, message, "default" if place.id in listening else place.id)
        self.said.append(said)
        return said

    def somebody_in(self, place: Place) -> Person:
        """Return one of the people who can speak in a place."""
        people = [self.bench.guild.user(name) for name in PEOPLE]
        if place.channel.is_dm:
            return next(person for person in people if person.id in place.channel.recipient_ids)
        return self.random.choice(people)

    async def speak_often(self, count: int, over_s: float) -> None:
        """Say `count` things at random moments, and think better of some of them."""
        for _ in range(count):
            said = await self.speak()
            await asyncio.sleep(self.random.uniform(0, 2 * over_s / count))
            chance = self.random.random()
            person = self.bench.guild.person(said.message.author_id)
            if chance < _DELETED:
                self.deleted.add(said.number)
                await person.deletes(said.message)
            elif chance < _DELETED + _EDITED:
                await person.edits(said.message, f"{said.message.content} please")

    async def settle(self) -> Sequence[Place]:
        """Decide what asks to be decided, until nothing does; return the places that answer nothing any more.

        Rooms and channels keep their order, so that when the last word of a place is answered, all before
        it is over.
        """
        while True:
            silent = await self._ask_everywhere()
            cards = [] if silent else self._cards()
            if not cards:
                return silent
            for card in cards:
                await self.decide(card)

    async def decide(self, card: Message) -> None:
        """Click one button of a card, as the person whom it answers."""
        # By what it quotes: a card about a message that was deleted refers to nothing.
        asked = numbers_in(card.content)[:1]
        said = next((one for one in self.said if one.number in asked), None)
        label = self.random.choice([label for label in _CHOICES if label in _labels(card)])
        if said is None:
            person = self.somebody_in(self.bench.guild.place(card.channel_id))
        else:
            person = self.bench.guild.person(said.message.author_id)
            self.clicks[said.number] += 1
        with suppress(ApiError, Refused, Unseen):  # it is offered again as long as it stands
            await person.clicks(card, label=label, timeout=_CLICK_S)

    def standing(self) -> list[Message]:
        """Return what the bot said that still stands, oldest first; ephemeral answers are nobody's."""
        world = self.bench.guild.world
        messages = [one for place in world.messages.values() for one in place.values()]
        ours = [one for one in messages if world.users[one.author_id].bot and not one.visible_to]
        return sorted(ours, key=lambda message: int(message.id))

    def _cards(self) -> list[Message]:
        return [message for message in self.standing() if set(_labels(message)) & set(_CHOICES)]

    async def _ask_everywhere(self) -> Sequence[Place]:
        asked = [(place, await self.speak("quick", place)) for place in self.bench.places()]
        silent: list[Place] = []
        for place, said in asked:
            try:
                await place.next_from_bot(after=said.message, matching=_answers(said), timeout=_ANSWER_S)
            except Unseen:
                silent.append(place)
        return silent

    def _phrase(self, kind: Kind, number: int) -> str:
        return f"say:{ALPHA} id{number}; {OMEGA}" if self.bench.is_real else f"{kind} id{number};"


def _answers(said: Said) -> Callable[[Message], bool]:
    def fits(message: Message) -> bool:
        is_whole = ALPHA in message.content.split() and OMEGA in message.content.split()
        return is_whole and numbers_in(message.content)[-1:] == [said.number]

    return fits


def _labels(message: Message) -> list[str]:
    """Return what the buttons of a message show that can still be clicked."""
    return [
        str(part["label"])
        for part in walk(message.components)
        if part.get("label") and not part.get("disabled")
    ]
