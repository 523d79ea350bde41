"""Which message shows which turn."""

from bot.live_messages import LiveMessages
from sessions.keys import TurnId


def test_a_live_message_names_its_turn_until_it_is_gone() -> None:
    live = LiveMessages()
    live.add("1", "50", TurnId(7))
    assert live.turn_of("1", "50") == 7
    assert live.turn_of("2", "50") is None
    assert live.turn_of("1", None) is None
    live.remove("1", "50")
    live.remove("1", "50")
    assert live.turn_of("1", "50") is None
