"""What agents ask on the offline guild: permissions, questions and plans, also across a restart."""

from pathlib import Path

import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Permission
from sessions.store.values import TurnState
from tests.support.guilds import offline_guild
from tests.support.questions import DATABASE, PARTS
from tests.support.scripts import asks
from tests.support.whole_bot import whole_bot

pytestmark = pytest.mark.timeout(180)  # a busy machine

NAMELESS = {**PARTS, "options": [*PARTS["options"], {"label": ""}]}
LONG = "echo " + "x" * 5000 + " THE END"
SCRIPT = "".join(
    [
        asks("test it", "Bash", "pytest -q", command="pytest -q"),
        asks("test more", "Bash", "pytest -x", command="pytest -x"),
        asks("chain", "Bash", "x", command="pytest -x; rm -rf /"),
        asks("long", "Bash", "long", command=LONG),
        asks("choose", "AskUserQuestion", questions=[DATABASE, NAMELESS]),
        asks("plan", "ExitPlanMode", plan="1. Look\n2. Mend"),
    ]
)


def ruled(guild: OfflineGuild, *, owner: str = "ben") -> Rules:
    """Ann is a user, and somebody else the owner."""
    return Rules(users=frozenset({guild.user("ann").id}), owners=frozenset({guild.user(owner).id}))


async def test_what_is_allowed_here_for_good_is_not_asked_again_until_it_is_revoked(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=ruled(guild)) as bot:
            said = await ann.says("test it", lab)
            card = await lab.next_from_bot(after=said, containing="needs your permission")
            assert "asked by ann" in card.content
            await ann.clicks(card, label="Always here (pytest *)")
            await ann.next_private(lab, after=card, containing="owner")
            await ben.clicks(card, label="Always here (pytest *)")
            await lab.edited(card, containing="allowed here for good by ben: `Bash(pytest *)`")
            await lab.next_from_bot(after=card, containing="I heard: yes")
            assert {"allow for good"} <= {entry.action for entry in await bot.store.people.audit(10)}
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=ruled(guild)) as bot:
            said = await ann.says("test more", lab)
            await lab.next_from_bot(after=said, containing="I heard: ")
            cards = [one for one in lab.messages() if "needs your permission" in one.content]
            assert cards == []
            # Neither is more allowed than was, nor is it allowed elsewhere.
            for text, place in (("chain", lab), ("test it", guild.channel("attic"))):
                said = await ann.says(text, place)
                card = await place.next_from_bot(after=said, containing="needs your permission")
                await ann.clicks(card, label="Deny")
                await place.next_from_bot(after=card, containing="I heard: ")
            shown = await ann.runs("/permissions", lab)
            assert "`Bash(pytest *)` · by ben" in shown.content
            assert shown.message is not None
            assert not shown.message.components
            given = await ben.runs("/permissions", lab, export=True)
            assert given.message is not None
            [file] = given.message.attachments
            assert file.name == "settings.json"
            assert b"Bash(pytest *)" in guild.world.files[file.id]
            shown = await ben.runs("/permissions", lab)
            assert shown.message is not None
            await ben.clicks(shown.message, label="Revoke 1")
            await lab.next_from_bot(after=said, containing="ben revoked a permission of this room")
            said = await ann.says("test it", lab)
            card = await lab.next_from_bot(after=said, containing="needs your permission")
            await ann.clicks(card, label="Deny")
            await lab.next_from_bot(after=card, containing="I heard: ")


async def test_a_no_with_a_reason_tells_the_agent_why(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("test it", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission")
        opened = await ann.clicks(card, label="Deny with a reason")
        await ann.submits(opened.modal, {"What should the agent know?": "not on Sundays"})
        await lab.edited(card, containing="denied by ann, with a reason")
        await lab.next_from_bot(after=card, containing='I heard: "ann" said no: not on Sundays')


async def test_a_modal_that_comes_when_all_is_decided_says_so(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        said = await ben.says("test it", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission")
        opened = await ann.clicks(card, label="Deny with a reason")
        await ben.clicks(card, label="Allow once")
        await lab.next_from_bot(after=card, containing="I heard: yes")
        await ann.submits(opened.modal, {"What should the agent know?": "too late"})
        await ann.next_private(lab, after=card, containing="decided already")


async def test_a_long_request_is_a_file_and_nothing_of_it_is_hidden(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("long", lab)
        card = await lab.next_from_bot(after=said, containing="all of it is in `request.txt`")
        [file] = card.attachments
        assert file.name == "request.txt"
        assert file.size_bytes == len(f"command: {LONG}")
        await ann.clicks(card, label="Allow once")
        await lab.next_from_bot(after=card, containing="I heard: yes")


async def test_what_cannot_be_shown_whole_can_only_be_denied(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        lab.deny(guild.bot.id, Permission.ATTACH_FILES)
        said = await ann.says("long", lab)
        card = await lab.next_from_bot(after=said, containing="can only be denied")
        assert not card.attachments
        await ann.clicks(card, label="Deny")
        await lab.next_from_bot(after=card, containing='I heard: "ann" said no.')


async def test_questions_are_answered_with_a_button_and_a_menu(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT, rules=ruled(guild)):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("choose", lab)
        card = await lab.next_from_bot(after=said, containing="Which database?")
        await ann.clicks(card, label="SQLite")
        await lab.edited(card, containing="2 of 2")
        await ann.selects(card, "API", "Option 3")
        await lab.edited(card, containing="answered by ann")
        await lab.next_from_bot(after=card, containing="I heard: SQLite; API, Option 3")


async def test_questions_are_answered_in_own_words_by_modal_and_by_reply(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        said = await ben.says("choose", lab)
        card = await lab.next_from_bot(after=said, containing="Which database?")
        opened = await ben.clicks(card, label="Other…")
        await ben.submits(opened.modal, {"Your answer": "a text file"})
        await lab.edited(card, containing="2 of 2")
        await ben.says("all of them", lab, reply_to=card)
        await lab.edited(card, containing="**all of them** · answered by ben")
        await lab.next_from_bot(after=card, containing="I heard: a text file; all of them")
        assert (await bot.store.lane(lab.id)).waiting == 0  # type: ignore[arg-type]
        assert ann.id != ben.id


async def test_a_question_of_somebody_else_is_not_yours_to_answer(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        rules = Rules(users=frozenset({guild.user("ann").id, guild.user("ben").id}))
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=rules):
            ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
            said = await ann.says("choose", lab)
            card = await lab.next_from_bot(after=said, containing="Which database?")
            await ben.clicks(card, label="SQLite")
            await ben.next_private(lab, after=card, containing="only ann, who asked for it")
            assert "1 of 2" in card.content
            await ann.clicks(card, label="Postgres")
            await lab.edited(card, containing="**Postgres**")


async def test_a_question_that_nobody_answers_ends_with_a_word(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT, question_limit_s=0.3):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("choose", lab)
        await lab.next_from_bot(after=said, containing="nobody answered in time")
        await lab.next_from_bot(after=said, containing="I heard: Nobody answered within")


@pytest.mark.parametrize(
    ("label", "verdict", "heard"),
    [
        ("Approve and accept edits", "approved by ann, edits included", "yes, edits included"),
        ("Approve, ask for each", "approved by ann", "yes"),
    ],
)
async def test_a_plan_is_shown_and_approved(tmp_path: Path, label: str, verdict: str, heard: str) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("plan", lab)
        card = await lab.next_from_bot(after=said, containing="1. Look\n2. Mend")
        await ann.clicks(card, label=label)
        await lab.edited(card, containing=verdict)
        await lab.next_from_bot(after=card, containing=f"I heard: {heard}")


async def test_a_plan_is_sent_back_with_a_word(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("plan", lab)
        card = await lab.next_from_bot(after=said, containing="Shall I do this?")
        opened = await ann.clicks(card, label="Keep planning")
        await ann.submits(opened.modal, {"What should be different?": "more tests"})
        await lab.edited(card, containing="sent back by ann")
        await lab.next_from_bot(
            after=card, containing='I heard: "ann" wants you to keep planning: more tests'
        )


async def test_after_a_restart_an_open_card_says_so_and_a_yes_counts_when_the_same_is_asked(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            said = await ann.says("test it", lab)
            card = await lab.next_from_bot(after=said, containing="needs your permission")
        async with whole_bot(guild, tmp_path, script=SCRIPT):
            expired = await lab.edited(card, containing="expired: Roomkey was restarted")
            assert not expired.components
            cut = await lab.next_from_bot(after=card, containing="Allow and continue also says yes")
            await ann.clicks(cut, label="Allow and continue")
            await lab.edited(cut, containing="Allowed by ann")
            await lab.next_from_bot(after=card, containing="I heard: yes")
            cards = [one for one in lab.messages() if "needs your permission" in one.content]
            assert cards == []


async def test_after_a_restart_a_no_drops_the_turn(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            said = await ann.says("test it", lab)
            card = await lab.next_from_bot(after=said, containing="needs your permission")
        async with whole_bot(guild, tmp_path, script=SCRIPT) as bot:
            cut = await lab.next_from_bot(after=card, containing="Allow and continue also says yes")
            await ann.clicks(cut, label="Drop")
            await lab.edited(cut, containing="Dropped by ann.")
            fate = await bot.store.fate("discord", int(said.id))
            assert fate is not None
            assert fate.turn is not None
            assert fate.turn.state is TurnState.CANCELLED


async def test_after_a_restart_a_question_is_left_as_text(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            said = await ann.says("choose", lab)
            card = await lab.next_from_bot(after=said, containing="Which database?")
        async with whole_bot(guild, tmp_path, script=SCRIPT):
            left = await lab.edited(card, containing="Which database? · Roomkey was restarted before anybody")
            assert not left.components
            cut = next(one for one in lab.messages() if one.components)
            await ann.clicks(cut, label="Continue")
            again = await lab.next_from_bot(after=cut, containing="1 of 2")
            await ann.clicks(again, label="SQLite")
            await lab.edited(again, containing="2 of 2")
