"""How often bots may talk to this one with nobody in between: else two of them would never stop."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, Protocol, cast

from bot.chat import Incoming
from sessions.errors import UserError

IN_A_ROW: Final = 3
"""How many turns bots get in a channel until a person speaks there."""

SCOPE: Final = "loops"
"""Scope of the facts that say how much is spent; the name is the platform's."""

SPENT: Final = "bots had their turns, and no person has spoken since"
"""Why such a message is not answered, in words that follow "not answered:"."""

_CHANNELS: Final = 1000
"""How many channels are remembered; the one that has been quiet for longest is forgotten first."""


class Facts(Protocol):
    """Where facts are kept."""

    async def get_fact(self, scope: str, name: str) -> str | None:
        """Return a stored text."""
        ...


class BotsTalk(UserError):
    """Bots have had their turns here, and nobody else has spoken."""

    def __init__(self, since: int) -> None:
        super().__init__(
            f"-# Bots have had {IN_A_ROW} answers in a row here."
            " I answer them again when a person writes to me."
        )
        self.since = since
        """The last message that was still taken: what is said about it, is said once."""


class LoopBudget:
    """What bots have spent, by channel. Every call is a plain one: it counts at once.

    `news` goes into the store with the message that was counted, so that a restart forgets nothing.
    """

    def __init__(self, spent: Mapping[str, Iterable[int]] | None = None) -> None:
        self._spent = {channel: tuple(ids)[-IN_A_ROW:] for channel, ids in (spent or {}).items()}
        self._told: set[str] = set()
        self._is_news = False

    @classmethod
    def read(cls, text: str | None) -> "LoopBudget":
        """Return what `text` said; what is no such text counts for nothing."""
        try:
            found: object = json.loads(text or "{}")
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(found, dict):
            return cls()
        channels = cast("dict[str, object]", found).items()
        return cls(
            {channel: _ids(cast("list[object]", ids)) for channel, ids in channels if isinstance(ids, list)}
        )

    @property
    def text(self) -> str:
        """What is spent, as `read` takes it."""
        return json.dumps({channel: list(ids) for channel, ids in self._spent.items()})

    def may_take(self, incoming: Incoming) -> bool:
        """Count a message that is for us; False if it is a bot's and their turns in its channel are spent."""
        channel = incoming.place.channel_id
        if incoming.person.is_bot:
            self._is_news = True
            return self.bot_speaks(channel, incoming.message_id)
        self._is_news = self.person_speaks(channel)
        return True

    def news(self, platform: str) -> tuple[str, str, str] | None:
        """Return the fact that goes into the store with the message that was counted just now."""
        return (SCOPE, platform, self.text) if self._is_news else None

    def person_speaks(self, channel: str) -> bool:
        """Give bots their turns back; False if they had all of them."""
        self._told.discard(channel)
        return self._spent.pop(channel, None) is not None

    def bot_speaks(self, channel: str, message_id: int) -> bool:
        """Whether a bot's message may have a turn; it is counted, the same one only once."""
        spent = self._spent.pop(channel, ())
        taken = message_id in spent or len(spent) < IN_A_ROW
        self._spent[channel] = spent if message_id in spent or not taken else (*spent, message_id)
        if len(self._spent) > _CHANNELS:
            self._told.discard(oldest := next(iter(self._spent)))
            del self._spent[oldest]
        return taken

    def refusal(self, channel: str) -> BotsTalk | None:
        """Return what is to be said about a message that gets no turn; None if it was said already."""
        if channel in self._told:
            return None
        self._told.add(channel)
        return BotsTalk(self._spent[channel][-1])


async def budget_of(facts: Facts, platform: str) -> LoopBudget:
    """Return what was spent when the bot ended. Raises StateError."""
    return LoopBudget.read(await facts.get_fact(SCOPE, platform))


def _ids(found: Iterable[object]) -> tuple[int, ...]:
    return tuple(one for one in found if isinstance(one, int))
