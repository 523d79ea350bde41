"""Messages in the world: said, changed, removed, remembered and read back."""

from dataclasses import replace

import pytest

from bot.demo.guild import messages
from bot.demo.guild.changes import MessageCreated, MessageDeleted
from bot.demo.guild.drafts import AllowedMentions, Draft, Revision
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Message, MessageFlag, MessageKind, Reference, Upload
from bot.demo.guild.permissions import Overwrite, Permission
from tests.support.worlds import Scene, scene


def says(s: Scene, text: str = "hello", **facts: object) -> Message:
    return messages.post(s.world, s.ann.id, s.desk.id, Draft(text, **facts))  # type: ignore[arg-type]


def code(error: pytest.ExceptionInfo[ApiError]) -> Code:
    return error.value.code


def test_a_message_is_stored_told_and_becomes_the_channels_last():
    s = scene()
    said = says(s)
    assert s.world.message(s.desk.id, said.id) == said
    assert s.world.feed.journal[-1] == MessageCreated(said)
    assert s.world.channel(s.desk.id).last_message_id == said.id


def test_a_reply_points_to_its_message_and_pings_its_author():
    s = scene()
    said = says(s)
    reply = messages.post(s.world, s.ben.id, s.desk.id, Draft("yes", reply_to=Reference(s.desk.id, said.id)))
    assert (reply.kind, reply.reference, reply.mentions.user_ids) == (
        MessageKind.REPLY,
        Reference(s.desk.id, said.id),
        (s.ann.id,),
    )


def test_a_reply_to_nothing_is_refused_unless_its_sender_does_not_mind():
    s = scene()
    nothing = Reference(s.desk.id, "1")
    with pytest.raises(ApiError) as refused:
        says(s, reply_to=nothing)
    assert code(refused) == Code.INVALID_FORM
    assert says(s, reply_to=nothing, strict_reply=False).kind is MessageKind.DEFAULT


def test_an_enforced_nonce_returns_the_first_message_for_five_minutes_and_tells_nobody():
    s = scene()
    first = says(s, "one", nonce="n", enforce_nonce=True)
    told = len(s.world.feed.journal)
    assert says(s, "two", nonce="n", enforce_nonce=True) == first
    assert len(s.world.feed.journal) == told
    assert says(s, "three", nonce="n").content == "three"
    s.clock.advance(messages.NONCE_MEMORY_S + 1)
    assert says(s, "four", nonce="n", enforce_nonce=True).content == "four"


def test_a_nonce_is_known_per_author_and_channel():
    s = scene()
    says(s, "one", nonce="n", enforce_nonce=True)
    other = messages.post(s.world, s.ben.id, s.desk.id, Draft("two", nonce="n", enforce_nonce=True))
    assert other.content == "two"
    with pytest.raises(ApiError) as refused:
        says(s, nonce="x" * 26)
    assert code(refused) == Code.INVALID_FORM


def test_slow_mode_lets_everybody_but_moderators_wait():
    s = scene()
    s.world.put_channel(replace(s.desk, slow_mode_s=10))
    says(s)
    s.clock.advance(4)
    with pytest.raises(ApiError) as refused:
        says(s)
    assert (code(refused), refused.value.retry_after_s) == (Code.SLOW_MODE, 6.0)
    for _ in range(2):
        messages.post(s.world, s.world.owner_id, s.desk.id, Draft("I may"))
    s.clock.advance(6)
    says(s)


@pytest.mark.parametrize(
    ("missing", "draft"),
    [
        (Permission.SEND_MESSAGES, Draft("hello")),
        (Permission.ATTACH_FILES, Draft("hello", files=(Upload("a", b"x"),))),
    ],
)
def test_what_is_not_permitted_is_refused(missing: Permission, draft: Draft):
    s = scene()
    s.world.put_channel(replace(s.desk, overwrites=(Overwrite(s.ann.id, is_role=False, deny=missing),)))
    with pytest.raises(ApiError) as refused:
        messages.post(s.world, s.ann.id, s.desk.id, draft)
    assert code(refused) == Code.NO_PERMISSION


def test_a_forum_takes_no_messages_of_its_own():
    s = scene()
    with pytest.raises(ApiError) as refused:
        messages.post(s.world, s.ann.id, s.ideas.id, Draft("hello"))
    assert code(refused) == Code.CANNOT_SEND_HERE


def test_an_edit_changes_what_it_names_and_keeps_the_rest():
    s = scene()
    said = says(s, "hello", files=(Upload("a b.txt", b"x"), Upload("dir/c.txt", b"y")))
    s.clock.advance(5)
    changed = messages.edit(s.world, s.ann.id, s.desk.id, said.id, Revision("bye"))
    assert [file.name for file in changed.attachments] == ["a_b.txt", "c.txt"]
    assert (changed.content, changed.edited_at) == ("bye", s.clock.now())
    fewer = messages.edit(
        s.world,
        s.ann.id,
        s.desk.id,
        said.id,
        Revision(kept_files=(said.attachments[1].id,), files=(Upload("d", b"z"),)),
    )
    assert [file.name for file in fewer.attachments] == ["c.txt", "d"]


def test_an_edit_may_not_empty_a_message_nor_touch_somebody_elses():
    s = scene()
    said = says(s)
    with pytest.raises(ApiError) as empty:
        messages.edit(s.world, s.ann.id, s.desk.id, said.id, Revision(""))
    with pytest.raises(ApiError) as foreign:
        messages.edit(s.world, s.ben.id, s.desk.id, said.id, Revision("mine"))
    assert (code(empty), code(foreign)) == (Code.EMPTY_MESSAGE, Code.NOT_THE_AUTHOR)


def test_an_edit_pings_by_its_own_rule_and_keeps_version_2():
    s = scene()
    card = ({"type": 10, "content": "x"},)
    said = says(s, "", components=card, flags=MessageFlag.COMPONENTS_V2)
    with pytest.raises(ApiError):
        messages.edit(s.world, s.ann.id, s.desk.id, said.id, Revision("text"))
    plain = says(s)
    text = f"<@{s.ben.id}>"
    silent = messages.edit(s.world, s.ann.id, s.desk.id, plain.id, Revision(text, allowed=AllowedMentions()))
    assert silent.mentions.user_ids == ()


def test_deleting_needs_ones_own_message_or_the_permission():
    s = scene()
    said = says(s, files=(Upload("a", b"x"),))
    with pytest.raises(ApiError) as refused:
        messages.delete(s.world, s.ben.id, s.desk.id, said.id)
    messages.delete(s.world, s.ann.id, s.desk.id, said.id)
    assert code(refused) == Code.NO_PERMISSION
    assert s.world.feed.journal[-1] == MessageDeleted(said)
    assert s.world.files == {}
    private = s.world.dm(s.ann.id, s.ben.id)
    theirs = messages.post(s.world, s.ben.id, private.id, Draft("psst"))
    with pytest.raises(ApiError) as in_private:
        messages.delete(s.world, s.ann.id, private.id, theirs.id)
    assert code(in_private) == Code.CANNOT_EXECUTE_ON_DM


def test_many_are_deleted_by_2_to_100_and_none_older_than_two_weeks():
    s = scene()
    said = [says(s, str(number)).id for number in range(3)]
    boss = s.world.owner_id
    with pytest.raises(ApiError) as one:
        messages.delete_many(s.world, boss, s.desk.id, said[:1])
    messages.delete_many(s.world, boss, s.desk.id, [*said[:2], s.world.ids.new()])
    s.clock.advance(messages.BULK_DELETE_AGE_S + 1)
    with pytest.raises(ApiError) as old:
        messages.delete_many(s.world, boss, s.desk.id, [said[2], said[2]])
    assert (code(one), code(old)) == (Code.BULK_DELETE_COUNT, Code.TOO_OLD_TO_BULK_DELETE)
    assert list(s.world.messages[s.desk.id]) == said[2:]


def test_history_is_newest_first_in_every_direction():
    s = scene()
    said = [says(s, str(number)).id for number in range(9)]

    def texts(**asked: object) -> str:
        page = messages.history(s.world, s.robot.id, s.desk.id, **asked)  # type: ignore[arg-type]
        return "".join(message.content for message in page)

    assert texts(limit=3) == "876"
    assert texts(before=said[3], limit=2) == "21"
    assert texts(after=said[3], limit=2) == "54"
    assert texts(around=said[4], limit=3) == "543"
    assert texts(around=said[8], limit=3) == "876"


def test_history_hides_ephemeral_answers_and_everything_from_who_may_not_read_it():
    s = scene()
    says(s, visible_to=s.ben.id)
    assert messages.history(s.world, s.ann.id, s.desk.id) == []
    says(s)
    deny = Overwrite(s.ann.id, is_role=False, deny=Permission.READ_MESSAGE_HISTORY)
    s.world.put_channel(replace(s.world.channel(s.desk.id), overwrites=(deny,)))
    assert messages.history(s.world, s.ann.id, s.desk.id) == []
    assert len(messages.history(s.world, s.ben.id, s.desk.id)) == 1
    with pytest.raises(ApiError):
        messages.history(s.world, s.ben.id, s.desk.id, limit=101)


def test_direct_messages_reach_only_who_takes_them():
    s = scene()
    private = s.world.dm(s.robot.id, s.ann.id)
    messages.post(s.world, s.robot.id, private.id, Draft("psst"))
    s.world.put_user(replace(s.ann, takes_dms=False))
    with pytest.raises(ApiError) as closed:
        messages.post(s.world, s.robot.id, private.id, Draft("psst"))
    with pytest.raises(ApiError) as stranger:
        messages.post(s.world, s.ben.id, private.id, Draft("may I?"))
    assert (code(closed), code(stranger)) == (Code.CANNOT_DM_USER, Code.NO_ACCESS)


def test_a_pin_is_told_by_a_system_message_once():
    s = scene()
    said = says(s)
    for _ in range(2):
        messages.pin(s.world, s.world.owner_id, s.desk.id, said.id, pinned=True)
    kinds = [message.kind for message in s.world.messages[s.desk.id].values()]
    assert kinds == [MessageKind.DEFAULT, MessageKind.PINNED]
    with pytest.raises(ApiError) as refused:
        messages.pin(s.world, s.ann.id, s.desk.id, said.id, pinned=False)
    assert code(refused) == Code.NO_PERMISSION
