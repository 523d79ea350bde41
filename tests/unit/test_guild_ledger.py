"""What the ledger answers."""

from typing import Any

import pytest

from bot.demo.guild import messages, reactions
from bot.demo.guild.drafts import AllowedMentions, Draft
from bot.demo.guild.ledger import Entry, Ledger
from bot.demo.guild.model import Cause, Payload
from tests.support.worlds import scene

SAFE = {"content": "x", "allowed_mentions": {"parse": []}, "nonce": "n"}


def entry(method: str, path: str, body: Any) -> Entry:
    return Entry(0.0, "1", method, path, {}, body)


@pytest.mark.parametrize(
    ("method", "path", "wrap"),
    [
        ("POST", "/channels/1/messages", None),
        ("PATCH", "/channels/1/messages/2", None),
        ("POST", "/channels/1/threads", "message"),
        ("POST", "/webhooks/1/token-2", None),
        ("PATCH", "/webhooks/1/token-2/messages/@original", None),
        ("POST", "/interactions/1/token-2/callback", "data"),
    ],
)
def test_every_way_to_say_something_is_known(method: str, path: str, wrap: str | None):
    body = SAFE if wrap is None else {"type": 4, wrap: SAFE}
    one = entry(method, path, body)
    assert (one.message, one.nonce, one.allowed_mentions) == (SAFE, "n", {"parse": []})


def test_what_says_nothing_has_no_message():
    for one in (
        entry("POST", "/channels/1/typing", {}),
        entry("POST", "/channels/1/messages/2/threads", {"name": "t"}),
        entry("POST", "/channels/1/threads", {"name": "t"}),
        entry("POST", "/interactions/1/t/callback", {"type": 5, "data": {"flags": 64}}),
        entry("PUT", "/applications/1/commands", []),
    ):
        assert one.message is None


def test_a_message_that_could_ping_anybody_is_a_violation():
    ledger = Ledger(scene().world)
    loose: list[Payload] = [{"content": "x"}, {"content": "x", "allowed_mentions": {"parse": ["users"]}}]
    loose += [
        {"content": "x", "allowed_mentions": {"parse": [], allowed: value}}
        for allowed, value in (("users", ["1"]), ("roles", ["2"]), ("replied_user", True))
    ]
    quiet = {"content": "x", "allowed_mentions": {"parse": [], "users": [], "replied_user": False}}
    for body in (*loose, SAFE, quiet):
        ledger.entries.append(entry("POST", "/channels/1/messages", body))
    assert [one.body for one in ledger.mention_violations()] == loose


def test_pings_are_what_really_pinged():
    s = scene()
    text = f"<@{s.ann.id}>"
    for allowed in (AllowedMentions(), AllowedMentions(users=(s.ann.id,))):
        messages.post(s.world, s.robot.id, s.desk.id, Draft(text, allowed=allowed))
    messages.post(s.world, s.ben.id, s.desk.id, Draft(text))
    (ping,) = Ledger(s.world).pings()
    assert ping.mentions.user_ids == (s.ann.id,)


def test_a_duplicate_says_the_same_again_with_nobody_in_between():
    s = scene()

    def says(who: str, text: str, cause: Cause | None = None) -> None:
        messages.post(s.world, who, s.desk.id, Draft(text, cause=cause))

    says(s.robot.id, "pong")
    says(s.ann.id, "ping")
    says(s.robot.id, "pong")
    says(s.robot.id, "and more")
    assert Ledger(s.world).duplicates() == []
    says(s.robot.id, "pong", Cause("1", 2, "ping", s.ann.id))
    assert Ledger(s.world).duplicates() == []
    says(s.robot.id, "pong")
    assert [message.content for message in Ledger(s.world).duplicates()] == ["pong"]


def test_an_answer_is_noted_with_its_request():
    ledger = Ledger(scene().world)
    first, second = entry("GET", "/a", {}), entry("POST", "/channels/1/messages", SAFE)
    ledger.entries.extend([first, second])
    ledger.finish(first, 404, 10003)
    assert [str(one) for one in ledger.entries] == [
        "GET /a -> 404 (10003)",
        "POST /channels/1/messages -> never answered 'x'",
    ]
    assert ledger.requests("GET", "^/a$")[0].status == 404
    assert ledger.tail(1) == "POST /channels/1/messages -> never answered 'x'"


def test_what_bots_did_with_reactions_is_told_in_order():
    s = scene()
    said = messages.post(s.world, s.ann.id, s.desk.id, Draft("hello"))
    ledger = Ledger(s.world)
    reactions.add(s.world, s.ben.id, s.desk.id, said.id, "👍")
    reactions.add(s.world, s.robot.id, s.desk.id, said.id, "⏳")
    reactions.remove(s.world, s.robot.id, s.desk.id, said.id, "⏳", s.robot.id)
    reactions.add(s.world, s.robot.id, s.desk.id, said.id, "✅")
    assert ledger.reactions(said) == ["+⏳", "-⏳", "+✅"]
