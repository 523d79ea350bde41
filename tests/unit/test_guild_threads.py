"""Threads in the world: how they begin, fall asleep, wake up, and who may change them."""

from dataclasses import replace

import pytest

from bot.demo.guild import limits, messages, opening, reactions, threads
from bot.demo.guild.changes import ChannelChanged, ChannelCreated, MessageCreated, ThreadMembersChanged
from bot.demo.guild.drafts import Draft, Revision
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Channel, ChannelKind, MessageFlag, MessageKind, Thread
from bot.demo.guild.permissions import Overwrite, Permission
from tests.support.worlds import Scene, scene


def facts(s: Scene, thread: Channel) -> Thread:
    return threads.thread_of(s.world.channel(thread.id))


def test_a_thread_on_a_message_has_its_id_marks_it_and_begins_with_a_pointer():
    s = scene()
    said = messages.post(s.world, s.ann.id, s.desk.id, Draft("topic"))
    thread = opening.on_message(s.world, s.ben.id, s.desk.id, said.id, "about it")
    assert thread.id == said.id
    assert MessageFlag.HAS_THREAD in s.world.message(s.desk.id, said.id).flags
    (starter,) = s.world.messages[thread.id].values()
    assert starter.kind is MessageKind.THREAD_STARTER
    assert facts(s, thread).owner_id == s.ben.id
    with pytest.raises(ApiError) as refused:
        opening.on_message(s.world, s.ann.id, s.desk.id, said.id, "again")
    assert refused.value.code == Code.HAS_THREAD


def test_a_public_thread_of_its_own_is_announced_by_its_opener_and_a_private_one_is_not():
    s = scene()
    s.world.put_role(
        "@everyone", int(Permission.CREATE_PRIVATE_THREADS | 311385246784), role_id=s.world.guild_id
    )
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "side room")
    opening.alone(s.world, s.ann.id, s.desk.id, "secret", private=True)
    (notice,) = s.world.messages[s.desk.id].values()
    assert (notice.kind, notice.content, notice.author_id) == (
        MessageKind.THREAD_CREATED,
        "side room",
        s.ann.id,
    )
    assert notice.reference is not None
    assert notice.reference.channel_id == thread.id
    created = [
        change for change in s.world.feed.journal if isinstance(change, (ChannelCreated, MessageCreated))
    ]
    assert [type(change) for change in created[-3:]] == [ChannelCreated, MessageCreated, ChannelCreated]


def test_a_forum_post_is_a_thread_whose_first_message_has_its_id():
    s = scene()
    post, first = opening.in_forum(s.world, s.ann.id, s.ideas.id, "A plan", Draft("What if?"))
    assert first.id == post.id
    assert s.world.channel(s.ideas.id).last_message_id == post.id
    with pytest.raises(ApiError) as empty:
        opening.in_forum(s.world, s.ann.id, s.ideas.id, "Nothing", Draft())
    assert empty.value.code == Code.EMPTY_MESSAGE
    assert len(list(s.world.threads_of(s.ideas.id))) == 1


def test_threads_begin_only_where_they_can():
    s = scene()
    private = s.world.dm(s.ann.id, s.ben.id)
    for begin in (
        lambda: opening.alone(s.world, s.ann.id, s.ideas.id, "t"),
        lambda: opening.alone(s.world, s.ann.id, private.id, "t"),
        lambda: opening.in_forum(s.world, s.ann.id, s.desk.id, "t", Draft("x")),
    ):
        with pytest.raises(ApiError) as refused:
            begin()
        assert refused.value.code == Code.WRONG_CHANNEL_TYPE


def test_too_many_active_threads_are_refused(monkeypatch: pytest.MonkeyPatch):
    s = scene()
    monkeypatch.setattr(limits, "ACTIVE_THREADS", 2)
    first = opening.alone(s.world, s.ann.id, s.desk.id, "1")
    opening.alone(s.world, s.ann.id, s.desk.id, "2")
    with pytest.raises(ApiError) as refused:
        opening.alone(s.world, s.ann.id, s.desk.id, "3")
    threads.change(s.world, s.world.channel(first.id), archived=True)
    opening.alone(s.world, s.ann.id, s.desk.id, "3")
    assert refused.value.code == Code.TOO_MANY_THREADS


def test_who_writes_joins_and_an_archived_thread_wakes_before_the_message():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t")
    threads.change(s.world, s.world.channel(thread.id), archived=True)
    said = messages.post(s.world, s.ben.id, thread.id, Draft("hello"))
    woken, joined, told = list(s.world.feed.journal)[-3:]
    assert isinstance(woken, ChannelChanged)
    assert isinstance(joined, ThreadMembersChanged)
    assert told == MessageCreated(said)
    assert not facts(s, thread).archived
    assert facts(s, thread).has(s.ben.id)
    assert facts(s, thread).message_count == 1


def test_in_an_archived_thread_nothing_but_writing_is_possible():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t")
    said = messages.post(s.world, s.ann.id, thread.id, Draft("hello"))
    threads.change(s.world, s.world.channel(thread.id), archived=True)
    for act in (
        lambda: messages.edit(s.world, s.ann.id, thread.id, said.id, Revision("bye")),
        lambda: messages.delete(s.world, s.ann.id, thread.id, said.id),
        lambda: reactions.add(s.world, s.ann.id, thread.id, said.id, "👍"),
    ):
        with pytest.raises(ApiError) as refused:
            act()
        assert refused.value.code == Code.THREAD_ARCHIVED


def test_a_locked_thread_is_open_to_who_manages_threads():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t")
    threads.change(s.world, s.world.channel(thread.id), archived=True, locked=True)
    with pytest.raises(ApiError) as refused:
        messages.post(s.world, s.ann.id, thread.id, Draft("please"))
    messages.post(s.world, s.world.owner_id, thread.id, Draft("I may"))
    assert refused.value.code == Code.THREAD_LOCKED
    assert facts(s, thread).locked


def test_a_thread_is_changed_by_its_opener_or_a_manager_and_woken_by_everybody():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t")
    for who in (s.ann.id, s.world.owner_id):
        threads.may_change(s.world, who, s.world.channel(thread.id), wakes_only=False)
    threads.may_change(s.world, s.ben.id, s.world.channel(thread.id), wakes_only=True)
    with pytest.raises(ApiError) as refused:
        threads.may_change(s.world, s.ben.id, s.world.channel(thread.id), wakes_only=False)
    assert refused.value.code == Code.NO_PERMISSION
    with pytest.raises(ApiError) as bad_name:
        threads.change(s.world, s.world.channel(thread.id), name="")
    assert bad_name.value.code == Code.INVALID_FORM


def test_quiet_threads_are_archived_after_their_time_and_busy_ones_are_not():
    s = scene()
    quiet = opening.alone(s.world, s.ann.id, s.desk.id, "quiet", quiet_min=60)
    busy = opening.alone(s.world, s.ann.id, s.desk.id, "busy", quiet_min=60)
    s.clock.advance(3000)
    messages.post(s.world, s.ann.id, busy.id, Draft("still here"))
    s.clock.advance(601)
    threads.archive_quiet(s.world)
    assert facts(s, quiet).archived
    assert not facts(s, busy).archived
    assert facts(s, quiet).archived_at == s.clock.now()


def test_a_woken_thread_is_not_archived_again_at_once():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t", quiet_min=60)
    s.clock.advance(3601)
    threads.archive_quiet(s.world)
    threads.change(s.world, s.world.channel(thread.id), archived=False)
    threads.archive_quiet(s.world)
    assert not facts(s, thread).archived


def test_leaving_and_joining_are_told_once():
    s = scene()
    thread = opening.alone(s.world, s.ann.id, s.desk.id, "t")
    for _ in range(2):
        threads.join(s.world, thread.id, s.ben.id)
    for _ in range(2):
        threads.leave(s.world, thread.id, s.ben.id)
    told = [change for change in s.world.feed.journal if isinstance(change, ThreadMembersChanged)]
    assert [(change.added, change.removed) for change in told] == [((s.ben.id,), ()), ((), (s.ben.id,))]


def test_who_may_not_open_threads_is_refused():
    s = scene()
    deny = Overwrite(s.ann.id, is_role=False, deny=Permission.CREATE_PUBLIC_THREADS)
    s.world.put_channel(replace(s.desk, overwrites=(deny,)))
    with pytest.raises(ApiError) as refused:
        opening.alone(s.world, s.ann.id, s.desk.id, "t")
    assert refused.value.code == Code.NO_PERMISSION
    assert [c for c in s.world.channels.values() if c.kind is ChannelKind.PUBLIC_THREAD] == []
