"""The asks that are open, found by what their buttons and messages say, and by nothing else."""

from bot.open_asks import OpenAsks, short_name
from sessions.events import PermissionAsk, PlanAsk
from sessions.keys import TurnId

TURN, OTHER = TurnId(1), TurnId(2)
ASK = PermissionAsk(id="a1", tool="Bash", title="ls", fingerprint="f" * 32)


def test_an_ask_is_found_in_its_own_turn_alone_while_it_is_open() -> None:
    asks = OpenAsks()
    asks.add(TURN, ASK, "7")
    asks.shown(TURN, "a1", "99")
    name = short_name("a1")
    entry = asks.entry(TURN, name)
    assert entry is not None
    assert (entry.ask, entry.author_id) == (ASK, "7")
    assert asks.of_message("99") is asks.alike(TURN, "f" * 32) is entry
    for found in (asks.entry(OTHER, name), asks.of_message("98"), asks.of_message(None)):
        assert found is None
    assert asks.alike(OTHER, "f" * 32) is asks.alike(TURN, "e" * 32) is None
    assert asks.of_turn(TURN) == [entry]
    assert asks.of_turn(OTHER) == []
    asks.remove(TURN, "a1")
    asks.remove(TURN, "a1")
    assert asks.entry(TURN, name) is asks.of_message("99") is asks.alike(TURN, "f" * 32) is None
    asks.shown(TURN, "a1", "99")  # it was sent while it was being withdrawn
    assert asks.of_message("99") is None


def test_what_has_no_fingerprint_is_like_nothing() -> None:
    asks = OpenAsks()
    asks.add(TURN, PlanAsk(id="p", plan="x"))
    assert asks.alike(TURN, "") is None


def test_an_ask_whose_card_was_deleted_hears_of_it_once_and_only_while_it_is_open() -> None:
    asks, heard = OpenAsks(), list[str]()
    asks.add(TURN, ASK)
    [entry] = asks.of_turn(TURN)
    entry.changed = lambda: heard.append("changed")
    asks.shown(TURN, "a1", "99")
    asks.lost("98")
    assert (heard, entry.is_lost) == ([], False)
    asks.lost("99")
    asks.lost("99")
    assert (heard, entry.is_lost) == (["changed"], True)
    asks.shown(TURN, "a1", "100")
    asks.remove(TURN, "a1")
    asks.lost("100")
    assert heard == ["changed"]
