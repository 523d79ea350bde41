"""What is said to somebody who may not: one sentence that says who may, in words that are only words."""

from dataclasses import replace

import pytest

from bot.access import Deny, Tier
from bot.refusals import only_theirs, refused
from sessions.store.values import Prompt
from tests.support.desk_rooms import turn


@pytest.mark.parametrize(
    ("verdict", "needs", "words"),
    [
        (Deny("a secret reason"), Tier.OPERATOR, "You may not do that here. Ask the owner of this bot."),
        (Deny("a secret reason", Tier.USER), Tier.OPERATOR, "it takes an operator of this bot"),
        (Deny("a secret reason", Tier.OPERATOR), Tier.OWNER, "it takes an owner of this bot"),
    ],
)
def test_it_says_who_may_and_not_why(verdict: Deny, needs: Tier, words: str) -> None:
    text = str(refused(verdict, needs))
    assert words in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("name", "words"),
    [("<@7> **eve**", "only \\<\\@7\\> \\*\\*eve\\*\\*, who"), (None, "only an operator may")],
)
def test_of_another_s_turn_it_names_who_asked(name: str | None, words: str) -> None:
    one = replace(turn(1), prompt=Prompt(text="x", author_id="7", author_name=name))
    assert words in str(only_theirs(one))
