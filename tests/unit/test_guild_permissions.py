"""Roles and overwrites folded into what somebody may."""

from bot.demo.guild.permissions import ALL, EVERYONE, Overwrite, Permission, base, in_channel

GUILD, MODS, ANN = "1", "2", "3"
VIEW, SEND = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES


def of_ann(
    *overwrites: Overwrite, roles: tuple[str, ...] = (MODS,), wide: Permission = VIEW | SEND
) -> Permission:
    return in_channel(wide, overwrites, everyone_id=GUILD, role_ids=roles, user_id=ANN)


def test_the_least_permissions_are_those_of_the_invite_link():
    assert int(EVERYONE) == 311385246784
    assert int(EVERYONE | Permission.MANAGE_THREADS) == 328565115968


def test_roles_add_up_and_administrators_and_owners_may_everything():
    assert base([VIEW, SEND], is_owner=False) == VIEW | SEND
    assert base([Permission.ADMINISTRATOR], is_owner=False) == ALL
    assert base([0], is_owner=True) == ALL


def test_an_overwrite_of_everyone_is_undone_by_one_of_a_role_and_that_by_ones_own():
    everyone = Overwrite(GUILD, is_role=True, deny=SEND)
    role = Overwrite(MODS, is_role=True, allow=SEND)
    own = Overwrite(ANN, is_role=False, deny=SEND)
    assert SEND not in of_ann(everyone)
    assert SEND in of_ann(everyone, role)
    assert SEND not in of_ann(own, role, everyone)


def test_among_roles_what_one_allows_no_other_denies():
    one = Overwrite(MODS, is_role=True, allow=SEND)
    other = Overwrite("4", is_role=True, deny=SEND)
    assert SEND in of_ann(one, other, roles=(MODS, "4"))


def test_a_role_that_is_not_held_changes_nothing():
    assert SEND in of_ann(Overwrite(MODS, is_role=True, deny=SEND), roles=())


def test_who_cannot_see_a_channel_may_nothing_in_it():
    assert of_ann(Overwrite(GUILD, is_role=True, deny=VIEW)) == Permission(0)


def test_administrators_pass_every_overwrite():
    assert of_ann(Overwrite(ANN, is_role=False, deny=VIEW), wide=ALL) == ALL


def test_an_overwrite_cannot_make_an_administrator():
    granted = of_ann(Overwrite(ANN, is_role=False, allow=Permission.ADMINISTRATOR), wide=VIEW)
    assert granted != ALL
