"""Which live message shows which running turn: who replies to one speaks to that turn."""

from sessions.keys import TurnId


class LiveMessages:
    """The live messages there are right now. Not stored: after a restart their turns do not run any more."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, str], TurnId] = {}

    def add(self, channel_id: str, message_id: str, turn: TurnId) -> None:
        """A live message was sent."""
        self._turns[channel_id, message_id] = turn

    def remove(self, channel_id: str, message_id: str) -> None:
        """A live message is one no longer; nothing happens if it was none."""
        self._turns.pop((channel_id, message_id), None)

    def turn_of(self, channel_id: str, message_id: str | None) -> TurnId | None:
        """Return the running turn that a message shows; None if it shows none."""
        return None if message_id is None else self._turns.get((channel_id, message_id))
