"""The oracle itself: a world in which something went wrong is told from one in which nothing did."""

from collections.abc import Sequence

from bot.demo.guild.model import Message, Reference
from tests.campaign.bench import ALPHA, OMEGA
from tests.campaign.oracle import Kind, Said, Verdict, judge

BOT = "1"


def test_answers_in_order_are_fine() -> None:
    verdict = _judge([_answer(0), _answer(1), _answer(2)])
    assert (verdict.answered, verdict.findings) == (3, [])


def test_a_message_without_an_answer_is_lost() -> None:
    assert _judge([_answer(0), _answer(2)]).lost == 1


def test_a_message_in_a_place_that_is_silent_is_stuck_and_not_lost() -> None:
    verdict = judge(_three(), [_answer(0)], clicks={}, runs={}, stuck_channels=["desk"])
    assert (verdict.stuck, verdict.lost) == (2, 0)


def test_a_deleted_message_may_have_an_answer_or_none_but_not_two() -> None:
    said, rest = _three(), [_answer(1), _answer(2)]
    assert judge(said, rest, clicks={}, runs={}, deleted=[0]).findings == []
    assert judge(said, [_answer(0), *rest], clicks={}, runs={}, deleted=[0]).findings == []
    doubled = [_answer(0), _answer(0, at=90), *rest]
    assert judge(said, doubled, clicks={}, runs={}, deleted=[0]).doubled == 1


def test_two_answers_to_one_message_are_seen() -> None:
    assert _judge([_answer(0), _answer(0, at=90), _answer(1), _answer(2)]).doubled == 1


def test_a_second_run_that_a_person_asked_for_is_fine() -> None:
    standing = [_answer(0), _answer(0, at=90), _answer(1), _answer(2)]
    assert judge(_three(), standing, clicks={0: 1}, runs={}).findings == []


def test_a_long_answer_that_lacks_its_end_is_lost() -> None:
    assert _judge([_message(40, f"{ALPHA} long id0;", 0), _answer(1), _answer(2)]).lost == 1


def test_a_long_answer_in_two_messages_is_one() -> None:
    pieces = [_message(40, f"{ALPHA} long id0;\n\nand so on", 0), _message(41, f"long id0; {OMEGA}")]
    assert _judge([*pieces, _answer(1), _answer(2)]).findings == []


def test_answers_in_another_order_are_seen() -> None:
    standing = [_answer(1), _answer(0, at=90), _answer(2, at=91)]
    assert _judge(standing).disordered == 1


def test_an_answer_in_another_room_is_seen() -> None:
    standing = [_answer(0), _answer(1), _message(60, f"{ALPHA} quick id2; {OMEGA}", 2, channel="lab")]
    assert _judge(standing).mixed == 1


def test_an_answer_under_another_message_is_seen() -> None:
    standing = [_answer(0), _answer(1), _message(60, f"{ALPHA} quick id2; {OMEGA}", 1)]
    assert _judge(standing).mixed == 1


def test_an_agent_that_heard_of_another_room_is_seen() -> None:
    standing = [_answer(0), _answer(1), _answer(2)]
    verdict = judge(_three(), standing, clicks={}, runs={"other": ["quick id1;"]})
    assert verdict.mixed == 1


def test_a_tool_that_ran_twice_is_seen() -> None:
    standing, runs = [_answer(0), _answer(1), _answer(2)], {"desk": ["tool id0;", "tool id0;"]}
    assert judge(_three("tool"), standing, clicks={}, runs=runs).doubled == 1
    assert judge(_three("tool"), standing, clicks={0: 1}, runs=runs).doubled == 0


def test_a_live_message_that_nobody_works_on_is_seen() -> None:
    standing = [_answer(0), _answer(1), _answer(2), _message(70, f"{ALPHA} slow\n-# Bash · 1 min 4 s")]
    assert _judge(standing).stuck == 1


def test_a_word_about_a_message_is_its_end() -> None:
    verdict = _judge([_message(40, "That was dropped.", 0), _answer(1), _answer(2)])
    assert (verdict.told, verdict.findings) == (1, [])


def _judge(standing: Sequence[Message]) -> Verdict:
    return judge(_three(), standing, clicks={}, runs={})


def _three(kind: Kind = "quick") -> list[Said]:
    return [Said(n, kind, _message(10 + n, f"{kind} id{n};"), "desk") for n in range(3)]


def _answer(number: int, at: int | None = None) -> Message:
    return _message(at or 20 + number, f"{ALPHA} quick id{number}; {OMEGA}", number)


def _message(at: int, text: str, to: int | None = None, channel: str = "desk") -> Message:
    reference = None if to is None else Reference(channel, str(10 + to))
    return Message(str(at), channel, BOT, float(at), text, reference=reference)
