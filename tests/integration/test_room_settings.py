"""Room settings on the offline guild: changed in place, kept by a restart, followed by threads."""

import asyncio
from pathlib import Path

import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild
from bot.demo.guild.actors import Place
from sessions.keys import session_key
from tests.support.guilds import offline_guild
from tests.support.whole_bot import WholeBot, whole_bot

FOUR = ["ann", "ben", "cas", "dan"]


def rules(guild: OfflineGuild) -> Rules:
    """Ann owns, ben operates, cas asks, dan is nobody."""
    ann, ben, cas = (guild.user(name).id for name in ("ann", "ben", "cas"))
    return Rules(owners=frozenset({ann}), operators=frozenset({ben}), users=frozenset({cas}))


async def test_a_setting_is_changed_in_place_and_an_old_menu_works_after_a_restart(tmp_path: Path) -> None:
    async with offline_guild(users=FOUR) as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
            answer = await ann.runs("/config", lab)
            assert "- display: `new` · the default" in answer.content
            await ann.selects(answer.message, "when_busy")
            one = await ann.next_private(lab, containing="**when busy**: ")
            options = one.components[0]["components"][0]["options"]
            assert [option["label"] for option in options] == ["queue", "steer", "interrupt"]
            assert all(option["description"] for option in options)
            await ann.clicks(answer.message, label="Back")
            await ann.next_private(lab, containing="**Settings of this room**")
            await ann.selects(answer.message, "display")
            await ann.next_private(lab, containing="**display**: ")
            await ann.selects(answer.message, "all")
            await ann.next_private(lab, containing="display: `all` · set here. It holds")
            assert bot.manager.room_settings(session_key(lab.id))[0].display == "all"
            old = answer.message
        async with whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
            assert bot.manager.room_settings(session_key(lab.id))[0].display == "all"
            await ann.selects(old, "history")
            await ann.next_private(lab, containing="**history**: ")
            opened = await ann.clicks(old, label="Change…")
            await ann.submits(opened.modal, {"value": "7"})
            await ann.next_private(lab, containing="history: `7` · set here")
            assert bot.manager.room_settings(session_key(lab.id))[0].history == 7


async def test_a_thread_follows_its_channel_until_it_has_words_of_its_own(tmp_path: Path) -> None:
    async with offline_guild(users=FOUR) as guild:
        ann, lab, desk = guild.user("ann"), guild.channel("lab"), guild.channel("desk")
        async with whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
            thread, aside = await ann.opens_thread(lab, "idea"), await ann.opens_thread(desk, "aside")
            await ann.runs("/model", lab, name="large")
            await ann.runs("/model", desk, name="shared")
            for place, model in ((thread, "large"), (aside, "shared")):
                answer = await ann.runs("/model", place)
                assert f"model: `{model}` · from the channel around it" in answer.content
            await ann.runs("/model", thread, name="small")
            assert "model: `small` · set here" in (await ann.runs("/model", thread)).content
            assert "model: `large` · set here" in (await ann.runs("/model", lab)).content
        async with whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
            # Nobody has said anything there since the start.
            assert bot.manager.room_settings(session_key(aside.id))[0].model == "shared"


async def test_what_concerns_everybody_is_said_aloud_once_and_written_down(tmp_path: Path) -> None:
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await ann.runs("/model", lab, name="large")
        await lab.next_from_bot(
            containing="The model of this room is `large` from the next turn on, set by ann."
        )
        assert "- `default` (now): the agent asks before" in (await ann.runs("/mode", lab)).content
        await ann.runs("/mode", lab, mode="plan")
        await lab.next_from_bot(containing="permission mode of this room is `plan`")
        answer = await ann.runs("/config", lab)
        await ann.selects(answer.message, "prompt")
        await ann.next_private(lab, containing="**prompt**: ")
        opened = await ann.clicks(answer.message, label="Change…")
        await ann.submits(opened.modal, {"value": "our secret plan"})
        line = await lab.next_from_bot(containing="What the agent is told about this room was changed by ann")
        assert "secret" not in line.content
        done = [(one.action, one.detail) for one in await bot.store.people.audit(limit=10)]
        assert {("set model", "large"), ("set permission_mode", "plan"), ("set prompt", "")} <= set(done)


async def test_prompt_opens_a_modal_with_what_the_room_says_and_an_empty_one_takes_it_back(
    tmp_path: Path,
) -> None:
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, lab, key = guild.user("ann"), guild.channel("lab"), session_key(guild.channel("lab").id)
        opened = await ann.runs("/prompt", lab)
        await ann.submits(opened.modal, {"value": "be kind"})
        await lab.next_from_bot(containing="was changed by ann")
        assert bot.manager.room_settings(key)[0].prompt == "be kind"
        opened = await ann.runs("/prompt", lab)
        field = opened.modal.components[0]["component"]
        assert field["value"] == "be kind"
        answer = await ann.submits(opened.modal, {"value": ""})
        assert "- prompt: none · the default" in answer.content
        assert bot.manager.room_settings(key)[0].prompt == ""


async def test_a_text_with_a_secret_in_it_is_not_changed_where_it_is_masked(tmp_path: Path) -> None:
    secret = "sk-ant-api03-0123456789"
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, lab, key = guild.user("ann"), guild.channel("lab"), session_key(guild.channel("lab").id)
        await bot.manager.words.change(key, {"prompt": f"log in with {secret}"})
        bot.client.redactor.add(secret)
        answer = await ann.runs("/prompt", lab)
        assert "There is a secret in this text" in answer.content
        page = await ann.runs("/config", lab)
        await ann.selects(page.message, "prompt")
        await ann.next_private(lab, containing="**prompt**: ")
        await ann.clicks(page.message, label="Change…")
        await ann.next_private(lab, containing="There is a secret in this text")
        await ann.clicks(page.message, label="Inherit")
        await ann.next_private(lab, containing="prompt: none · the default")
        assert (await ann.runs("/prompt", lab)).modal is not None


@pytest.mark.parametrize("name", ["dan", "cas", "ben"])
async def test_who_may_not_is_told_who_may_and_changes_nothing(tmp_path: Path, name: str) -> None:
    """Dan is nobody, cas may ask, ben operates: what owners set is not for him."""
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, person, lab = guild.user("ann"), guild.user(name), guild.channel("lab")
        key = session_key(lab.id)
        refused = "You may not do that here"
        owned = {"/mode": {"mode": "plan"}, "/prompt": {}}
        operated = {
            "/model": {"name": "x"},
            "/effort": {"level": "low"},
            "/display": {"display": "all"},
            "/memory": {},
        }
        for command, options in {**owned, **({} if name == "ben" else operated)}.items():
            answer = await person.runs(command, lab, **options)
            assert refused in answer.content, command
            if name != "dan":
                assert "`/who` shows who that is" in answer.content
        offered = await person.suggestions("/model", lab, focused="name")
        assert bool(offered) is (name == "ben")
        if name != "dan":
            answer = await person.runs("/config", lab)
            assert "- model: " in answer.content
            assert ("Operators change these" in answer.content) is (name == "cas")
        assert "room" not in bot.manager.room_settings(key)[1].values()
        assert await ann.suggestions("/model", lab, focused="name")


async def test_two_people_change_two_settings_at_once_and_both_hold(tmp_path: Path) -> None:
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        await asyncio.gather(
            ann.runs("/model", lab, name="large"),
            ben.runs("/effort", lab, level="low"),
            ann.runs("/display", lab, display="all", footer="off"),
        )
        settings, _ = bot.manager.room_settings(session_key(lab.id))
        assert (settings.model, settings.effort, settings.display, settings.footer) == (
            "large",
            "low",
            "all",
            "off",
        )


async def test_memory_is_listed_read_changed_and_never_written_over_the_agent(tmp_path: Path) -> None:
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        assert "remembers nothing yet" in (await ann.runs("/memory", lab)).content
        memory = await _with_session(bot, lab, guild)
        answer = await ann.runs("/memory", lab)
        opened = await ann.clicks(answer.message, label="New file…")
        await ann.submits(opened.modal, {"name": "deploys", "text": "on fridays"})
        await ann.next_private(lab, containing="Saved `deploys.md`.")
        assert (memory / "deploys.md").read_text() == "on fridays\n"
        await ann.selects(answer.message, "deploys.md")
        await ann.next_private(lab, containing="```md\non fridays\n```")
        opened = await ann.clicks(answer.message, label="Edit…")
        (memory / "deploys.md").write_text("on mondays\n")
        await ann.submits(opened.modal, {"text": "never"})
        given_back = await ann.next_private(lab, containing="The agent changed that file meanwhile")
        assert "so nothing was saved. This is what you wrote:\n```md\nnever\n```" in given_back.content
        assert (memory / "deploys.md").read_text() == "on mondays\n"
        (memory / "large.md").write_text("x" * 5000)
        (tmp_path / "secret").write_text("the token")
        (memory / "linked.md").symlink_to(tmp_path / "secret")
        whole = await ann.runs("/memory", lab, file="large.md")
        assert [one.name for one in whole.message.attachments] == ["large.md"]
        assert "no link is followed" in (await ann.runs("/memory", lab, file="linked.md")).content


async def test_status_proves_that_rooms_are_apart_and_says_it_where_they_are_not(tmp_path: Path) -> None:
    async with offline_guild(users=FOUR) as guild, whole_bot(guild, tmp_path, rules=rules(guild)) as bot:
        ann, lab, desk = guild.user("ann"), guild.channel("lab"), guild.channel("desk")
        answer = await ann.runs("/status", lab, verbose=True)
        assert "Apart: there is no other room yet." in answer.content
        for place in (lab, desk):
            await _with_session(bot, place, guild)
        answer = await ann.runs("/status", lab, verbose=True)
        assert (
            "Apart: shares no workdir, memory, home, temporary files, agent session id or environment"
            in answer.content
        )
        [shared] = [one for one in await bot.store.sessions() if one.key != lab.id]
        await bot.store.bind(session_key(lab.id), shared.workdir)
        answer = await ann.runs("/status", lab, verbose=True)
        assert f"**Not apart**: its workdir is shared with another room (`{shared.key}`)." in answer.content


async def _with_session(bot: WholeBot, place: Place, guild: OfflineGuild) -> Path:
    """Let a room have a session, and return where its memory is."""
    said = await guild.user("cas").says("hello", place)
    await place.next_from_bot(after=said, containing="hello")
    key = session_key("default" if place.id == guild.channel("desk").id else place.id)
    record = await bot.store.session(key)
    assert record is not None
    return record.memory_dir
