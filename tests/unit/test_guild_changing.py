"""Who renames and removes which places, and what becomes of the names."""

import pytest

from bot.demo.guild import changing, opening, threads
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Channel
from bot.demo.guild.permissions import Permission
from tests.support.worlds import Scene, scene


def managing(s: Scene) -> None:
    role = s.world.put_role("keepers", int(Permission.MANAGE_CHANNELS | Permission.MANAGE_THREADS))
    s.world.give_roles(s.ann.id, (role.id,))


def refusal(s: Scene, place: Channel, name: str = "new") -> Code:
    with pytest.raises(ApiError) as refused:
        changing.rename(s.world, s.ann.id, place, name)
    return refused.value.code


def test_who_opened_a_thread_renames_it_and_others_do_not():
    s = scene()
    own = opening.alone(s.world, s.ann.id, s.desk.id, "mine", private=False)
    other = opening.alone(s.world, s.ben.id, s.desk.id, "his", private=False)
    assert changing.rename(s.world, s.ann.id, own, "Really mine").name == "Really mine"
    assert not changing.may_rename(s.world, s.ann.id, other)
    assert refusal(s, other) == Code.NO_PERMISSION
    assert not changing.may_remove(s.world, s.ann.id, own)


def test_who_manages_channels_renames_and_removes_them():
    s = scene()
    assert not changing.may_rename(s.world, s.ann.id, s.desk)
    assert refusal(s, s.desk) == Code.NO_PERMISSION
    managing(s)
    assert changing.may_rename(s.world, s.ann.id, s.desk)
    assert changing.rename(s.world, s.ann.id, s.desk, "Front Desk").name == "front-desk"
    assert refusal(s, s.desk, "x" * 101) == Code.INVALID_FORM
    changing.remove(s.world, s.ann.id, s.desk)
    assert s.desk.id not in s.world.channels


def test_an_archived_thread_is_woken_before_it_is_renamed():
    s = scene()
    managing(s)
    asleep = threads.change(
        s.world, opening.alone(s.world, s.ann.id, s.desk.id, "old", private=False), archived=True
    )
    assert refusal(s, asleep) == Code.THREAD_ARCHIVED


def test_direct_messages_have_no_name_to_change():
    s = scene()
    private = s.world.dm(s.ann.id, s.robot.id)
    assert not changing.may_rename(s.world, s.ann.id, private)
    assert not changing.may_remove(s.world, s.ann.id, private)
