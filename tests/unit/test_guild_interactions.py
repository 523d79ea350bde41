"""Interactions in the world: which answers fit, and their limits in time."""

from contextlib import suppress
from typing import Any

import pytest

from bot.demo.guild import interactions, message_payloads, messages
from bot.demo.guild.bodies import CallbackBody, MessageBody
from bot.demo.guild.changes import ChoicesOffered, InteractionAnswered, MessageCreated, ModalOpened
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.interaction import Interaction, Kind
from bot.demo.guild.model import Message, MessageFlag, MessageKind
from tests.support.worlds import Scene, scene

MODAL = {"custom_id": "m", "title": "t", "components": [{"type": 18, "label": "x", "component": {"type": 4}}]}
BUTTONS = ({"type": 1, "components": [{"type": 2, "label": "Go", "custom_id": "go"}]},)


def begun(s: Scene, kind: Kind = Kind.COMMAND) -> Interaction:
    on = messages.post(s.world, s.robot.id, s.desk.id, Draft("go?", components=BUTTONS))
    message_id = on.id if kind is Kind.COMPONENT else None
    return interactions.begin(
        s.world, kind, s.robot.id, s.ann.id, s.desk.id, {}, name="ask", message_id=message_id
    )


def answer(s: Scene, one: Interaction, kind: int, **data: Any) -> Message | None:
    return interactions.answer(s.world, one.id, one.token, CallbackBody(type=kind, data=data), ())[1]


def refusal(s: Scene, one: Interaction, kind: int, **data: Any) -> Code:
    with pytest.raises(ApiError) as refused:
        answer(s, one, kind, **data)
    return refused.value.code


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [
        (Kind.COMMAND, {4, 5, 9}),
        (Kind.COMPONENT, {4, 5, 6, 7, 9}),
        (Kind.AUTOCOMPLETE, {8}),
        (Kind.MODAL, {4, 5}),
    ],
)
def test_each_sort_of_interaction_has_its_answers(kind: Kind, fitting: set[int]):
    taken: set[int] = set()
    for callback in range(1, 12):
        s = scene()
        data = MODAL if callback == 9 else {"content": "x"}
        # A dialogue that no component opened has no message to update.
        with suppress(ApiError):
            answer(s, begun(s, kind), callback, **data)
            taken.add(callback)
    assert taken == fitting


def test_the_first_answer_comes_within_3_seconds_and_only_once():
    s = scene()
    late, soon = begun(s), begun(s)
    s.clock.advance(2.9)
    assert answer(s, soon, 4, content="x") is not None
    assert refusal(s, soon, 4, content="y") == Code.ALREADY_ACKNOWLEDGED
    s.clock.advance(0.2)
    assert refusal(s, late, 4, content="x") == Code.UNKNOWN_INTERACTION
    with pytest.raises(ApiError):
        interactions.answer(s.world, late.id, "wrong", CallbackBody(type=4), ())


def test_an_answer_is_of_the_bot_names_its_cause_and_is_told_first():
    s = scene()
    said = answer(s, begun(s), 4, content="hi", flags=int(MessageFlag.EPHEMERAL))
    assert said is not None
    assert said.cause is not None
    assert (said.author_id, said.kind, said.cause.name, said.visible_to) == (
        s.robot.id,
        MessageKind.COMMAND,
        "ask",
        s.ann.id,
    )
    created, answered = list(s.world.feed.journal)[-2:]
    assert isinstance(created, MessageCreated)
    assert isinstance(answered, InteractionAnswered)
    with pytest.raises(ApiError) as hidden:
        s.world.message(s.desk.id, said.id)
    assert hidden.value.code == Code.UNKNOWN_MESSAGE


def test_an_answer_to_a_message_command_says_so_and_names_the_message():
    s = scene()
    said = messages.post(s.world, s.ben.id, s.desk.id, Draft("look"))
    data = {"name": "Ask about this", "type": 3, "target_id": said.id}
    one = interactions.begin(
        s.world, Kind.COMMAND, s.robot.id, s.ann.id, s.desk.id, data, name="Ask about this"
    )
    answered = answer(s, one, 4, content="about that")
    assert answered is not None
    assert answered.kind == MessageKind.MESSAGE_COMMAND
    shown = message_payloads.message(s.world, answered, s.robot.id)
    assert shown["interaction_metadata"]["target_message_id"] == said.id


def test_a_deferred_answer_thinks_until_the_first_follow_up_takes_its_place():
    s = scene()
    one = begun(s)
    thinking = answer(s, one, 5, flags=64)
    assert thinking is not None
    assert thinking.is_loading
    state = interactions.by_token(s.world, s.robot.id, one.token)
    first = interactions.follow_up(s.world, state, MessageBody(content="done"), ())
    second = interactions.follow_up(s.world, state, MessageBody(content="more"), ())
    assert (first.id, first.is_loading, first.visible_to) == (thinking.id, False, s.ann.id)
    assert second.id != first.id
    now = interactions.by_token(s.world, s.robot.id, one.token)
    assert now.message_ids == (first.id, second.id)
    assert interactions.message_of(s.world, now, "@original").content == "done"
    with pytest.raises(ApiError):
        interactions.message_of(s.world, now, "1")


def test_the_token_lives_15_minutes_and_belongs_to_one_bot():
    s = scene()
    one = begun(s)

    def code(application_id: str) -> Code:
        with pytest.raises(ApiError) as refused:
            interactions.by_token(s.world, application_id, one.token)
        return refused.value.code

    assert code(s.robot.id) == Code.UNKNOWN_WEBHOOK
    answer(s, one, 4, content="x")
    interactions.by_token(s.world, s.robot.id, one.token)
    assert code(s.ben.id) == Code.UNKNOWN_WEBHOOK
    s.clock.advance(901)
    assert code(s.robot.id) == Code.INVALID_TOKEN


def test_updating_changes_the_message_of_the_button():
    s = scene()
    one = begun(s, Kind.COMPONENT)
    changed = answer(s, one, 7, content="gone", components=[])
    assert changed is not None
    assert (changed.id, changed.content, changed.components) == (one.message_id, "gone", ())


def test_dialogues_and_suggestions_are_told_and_have_limits():
    s = scene()
    answer(s, begun(s), 9, **MODAL)
    opened = s.world.feed.journal[-1]
    assert isinstance(opened, ModalOpened)
    assert s.world.modals == {opened.modal.id: opened.modal}
    assert refusal(s, begun(s), 9, **{**MODAL, "title": ""}) == Code.INVALID_FORM
    rows = [{"name": str(number), "value": number} for number in range(26)]
    answer(s, begun(s, Kind.AUTOCOMPLETE), 8, choices=rows[:25])
    offered = s.world.feed.journal[-1]
    assert isinstance(offered, ChoicesOffered)
    assert len(offered.choices) == 25
    assert refusal(s, begun(s, Kind.AUTOCOMPLETE), 8, choices=rows) == Code.INVALID_FORM


def test_an_answer_that_does_not_fit_leaves_the_interaction_open():
    s = scene()
    one = begun(s)
    assert refusal(s, one, 4, content="") == Code.EMPTY_MESSAGE
    assert refusal(s, one, 4, content="x" * 2001) == Code.INVALID_FORM
    assert answer(s, one, 4, content="better") is not None
