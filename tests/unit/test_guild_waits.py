"""Waiting for what happens: at once, by events, or with a picture of why it never came."""

import asyncio

import pytest

from bot.demo.guild import messages, opening
from bot.demo.guild.changes import TypingStarted
from bot.demo.guild.drafts import Draft, Revision
from bot.demo.guild.errors import Unseen
from bot.demo.guild.places import Place
from bot.demo.guild.waits import Stage
from tests.support.worlds import scene


async def test_what_is_there_already_is_found_without_any_event():
    s = scene()
    said = messages.post(s.world, s.robot.id, s.desk.id, Draft("hello"))
    assert await Place(Stage(s.world), s.desk.id).next_from_bot(containing="ell", timeout=0) == said


async def test_a_message_that_grows_is_returned_once_it_has_the_text():
    s = scene()
    place = Place(Stage(s.world), s.desk.id)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(place.next_from_bot(containing="whole"))
        said = messages.post(s.world, s.robot.id, s.desk.id, Draft("the"))
        await asyncio.sleep(0)
        messages.edit(s.world, s.robot.id, s.desk.id, said.id, Revision("the whole answer"))
    assert waiting.result().id == said.id
    assert (await place.edited(said, containing="whole", timeout=0)).content == "the whole answer"


async def test_people_older_messages_and_thinking_do_not_count_as_an_answer():
    s = scene()
    place = Place(Stage(s.world), s.desk.id)
    messages.post(s.world, s.robot.id, s.desk.id, Draft("old"))
    said = messages.post(s.world, s.ann.id, s.desk.id, Draft("question"))
    messages.post(s.world, s.robot.id, s.desk.id, Draft("private", visible_to=s.ann.id))
    with pytest.raises(Unseen) as unseen:
        await place.next_from_bot(after=said, timeout=0.01)
    assert "waited 0.01 s for a bot's message containing '' in #desk" in str(unseen.value)
    assert "#desk\nrobot: old\nann: question" in str(unseen.value)


async def test_each_wait_ends_with_its_event():
    s = scene()
    place = Place(Stage(s.world), s.desk.id)
    said = messages.post(s.world, s.robot.id, s.desk.id, Draft("hello"))
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        waits = [
            tasks.create_task(place.deleted(said)),
            tasks.create_task(place.typing()),
            tasks.create_task(place.next_thread()),
        ]
        await asyncio.sleep(0)
        messages.type_in(s.world, s.ann.id, s.desk.id)
        messages.type_in(s.world, s.robot.id, s.desk.id)
        messages.remove(s.world, said)
        opening.alone(s.world, s.ann.id, s.desk.id, "t")
    assert all(wait.done() for wait in waits)


async def test_the_next_change_is_one_that_is_still_to_come():
    s = scene()
    stage = Stage(s.world)
    messages.type_in(s.world, s.ann.id, s.desk.id)
    with pytest.raises(Unseen):
        await stage.next_change(lambda change: isinstance(change, TypingStarted), "typing", timeout=0.01)
