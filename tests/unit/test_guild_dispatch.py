"""Which events a session hears."""

from dataclasses import replace

import pytest

from bot.demo.guild import messages, opening
from bot.demo.guild.changes import Change, MessageCreated
from bot.demo.guild.dispatch import Audience, events
from bot.demo.guild.drafts import Draft
from bot.demo.guild.intents import KNOWN, PRIVILEGED, Intent
from bot.demo.guild.permissions import Overwrite, Permission
from tests.support.worlds import Scene, scene

NOTHING = Intent(0)


def heard(
    s: Scene, change: Change | None = None, *, without: Intent = NOTHING, strict: bool = False
) -> list[str]:
    audience = Audience(s.robot.id, KNOWN & ~without, strict)
    return [event.name for event in events(s.world, change or s.world.feed.journal[-1], audience)]


def test_the_intents_of_a_modest_bot_have_the_known_value():
    modest = Intent.GUILDS | Intent.GUILD_MESSAGES | Intent.DIRECT_MESSAGES | Intent.MESSAGE_CONTENT
    assert int(modest) == 37377
    assert PRIVILEGED in KNOWN


@pytest.mark.parametrize(
    ("private", "needed"), [(False, Intent.GUILD_MESSAGES), (True, Intent.DIRECT_MESSAGES)]
)
def test_messages_need_the_intent_of_their_place(private: bool, needed: Intent):
    s = scene()
    place = s.world.dm(s.ann.id, s.robot.id) if private else s.desk
    messages.post(s.world, s.ann.id, place.id, Draft("hello"))
    assert heard(s) == ["MESSAGE_CREATE"]
    assert heard(s, without=needed) == []
    messages.type_in(s.world, s.ann.id, place.id)
    assert heard(s) == ["TYPING_START"]
    assert heard(s, without=Intent.GUILD_MESSAGE_TYPING | Intent.DIRECT_MESSAGE_TYPING) == []


def test_a_bot_hears_nothing_of_what_it_cannot_see_nor_of_other_peoples_talk():
    s = scene()
    private = s.world.dm(s.ann.id, s.ben.id)
    messages.post(s.world, s.ann.id, private.id, Draft("psst"))
    assert heard(s) == []
    hidden = Overwrite(s.robot.id, is_role=False, deny=Permission.VIEW_CHANNEL)
    s.world.put_channel(replace(s.desk, overwrites=(hidden,)))
    messages.post(s.world, s.ann.id, s.desk.id, Draft("secret"))
    assert heard(s) == []


def test_ephemeral_answers_reach_no_session():
    s = scene()
    messages.post(s.world, s.ann.id, s.desk.id, Draft("x", visible_to=s.ann.id))
    assert heard(s) == []


def test_strict_threads_are_silent_until_joined():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t")
    messages.post(s.world, s.ann.id, thread.id, Draft("x"))
    assert (heard(s), heard(s, strict=True)) == (["MESSAGE_CREATE"], [])
    messages.post(s.world, s.robot.id, thread.id, Draft("y"))
    messages.post(s.world, s.ann.id, thread.id, Draft("z"))
    assert heard(s, strict=True) == ["MESSAGE_CREATE"]


def test_strict_threads_are_told_of_before_they_are_joined_unless_they_are_private():
    s = scene()
    opening.alone(s.world, s.ann.id, s.desk.id, "public")
    told = [heard(s, change, strict=True) for change in s.world.feed.journal]
    assert ["THREAD_CREATE"] in told
    before = len(s.world.feed.journal)
    opening.alone(s.world, s.world.owner_id, s.desk.id, "private", private=True)
    told = [heard(s, change, strict=True) for change in list(s.world.feed.journal)[before:]]
    assert ["THREAD_CREATE"] not in told


def test_content_is_guarded_by_its_intent():
    s = scene()
    mention = f"<@{s.robot.id}> hello"
    own = messages.post(s.world, s.robot.id, s.desk.id, Draft("mine"))
    private = messages.post(s.world, s.ann.id, s.world.dm(s.ann.id, s.robot.id).id, Draft("psst"))
    said = [messages.post(s.world, s.ann.id, s.desk.id, Draft(text)) for text in ("hello", mention)]
    blind = Audience(s.robot.id, KNOWN & ~Intent.MESSAGE_CONTENT)
    texts = [
        events(s.world, MessageCreated(one), blind)[0].payload["content"] for one in (own, private, *said)
    ]
    assert texts == ["mine", "psst", "", mention]


def test_a_bulk_deletion_is_one_event():
    s = scene()
    said = [messages.post(s.world, s.ann.id, s.desk.id, Draft("x")).id for _ in range(3)]
    before = len(s.world.feed.journal)
    messages.delete_many(s.world, s.world.owner_id, s.desk.id, said)
    deletions = list(s.world.feed.journal)[before:]
    assert [heard(s, change) for change in deletions] == [[], [], ["MESSAGE_DELETE_BULK"]]


def test_a_deleted_channel_is_one_event_though_its_threads_go_too():
    s = scene()
    opening.alone(s.world, s.ann.id, s.desk.id, "t")
    before = len(s.world.feed.journal)
    s.world.delete_channel(s.desk.id)
    deletions = list(s.world.feed.journal)[before:]
    assert [heard(s, change) for change in deletions] == [["CHANNEL_DELETE"], []]


def test_members_are_told_of_only_with_their_intent_unless_it_is_the_bot():
    s = scene()
    s.world.add_user("carl")
    assert (heard(s), heard(s, without=Intent.GUILD_MEMBERS)) == (["GUILD_MEMBER_ADD"], [])
    s.world.give_roles(s.robot.id, ())
    assert heard(s, without=Intent.GUILD_MEMBERS) == ["GUILD_MEMBER_UPDATE"]
