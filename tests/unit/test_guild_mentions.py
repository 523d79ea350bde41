"""Whom a text pings."""

from bot.demo.guild.drafts import AllowedMentions
from bot.demo.guild.mentions import pinged

TEXT = "<@1> <@!2> <@&7> @everyone @here <@1>"


def test_without_a_limit_everything_pings():
    found = pinged(TEXT, None, replied_id="5", may_everyone=True)
    assert (found.user_ids, found.role_ids, found.everyone) == (("1", "2", "5"), ("7",), True)


def test_an_empty_parse_list_pings_nobody():
    found = pinged(TEXT, AllowedMentions(), replied_id="5", may_everyone=True)
    assert (found.user_ids, found.role_ids, found.everyone) == ((), (), False)


def test_a_named_user_is_pinged_only_when_the_text_names_them_too():
    found = pinged(TEXT, AllowedMentions(users=("2", "9")), replied_id=None, may_everyone=True)
    assert found.user_ids == ("2",)


def test_a_reply_pings_when_its_sender_says_so():
    silent = pinged("", AllowedMentions(), replied_id="5", may_everyone=False)
    loud = pinged("", AllowedMentions(replied_user=True), replied_id="5", may_everyone=False)
    assert (silent.user_ids, loud.user_ids) == ((), ("5",))


def test_everyone_needs_the_permission_and_a_whole_word():
    assert not pinged("@everyone", None, replied_id=None, may_everyone=False).everyone
    assert not pinged("@everyones", None, replied_id=None, may_everyone=True).everyone
