"""Who may speak, on the offline guild: grants that hold at once, who is listed, and what waits."""

import asyncio
from pathlib import Path

from tests.support.tiers import WAIT_S, deeds, hangs, ignored, offline_guild, owned, waits


async def test_who_is_allowed_may_speak_at_once_and_only_there(tmp_path: Path) -> None:
    async with offline_guild() as guild, owned(guild, tmp_path) as bot:
        ann, eve, lab, attic = (
            guild.user("ann"),
            guild.user("eve"),
            guild.channel("lab"),
            guild.channel("attic"),
        )
        await ignored(bot, lab, await eve.says("hello", lab))
        answer = await ann.runs("/allow", lab, user=eve)
        assert f"<@{eve.id}> may now speak to me in this channel" in answer.content
        said = await eve.says("hello", lab)
        await lab.next_from_bot(after=said, containing="hello", timeout=WAIT_S)
        thread = await eve.opens_thread(lab, "idea")
        said = await eve.says("in the thread", thread)
        await thread.next_from_bot(after=said, containing="in the thread", timeout=WAIT_S)
        await ignored(bot, attic, await eve.says("hello", attic))
        await ignored(bot, eve.dm(guild.bot), await eve.says("hello", eve.dm(guild.bot)))
        await ann.runs("/allow", lab, user=eve, where="everywhere")
        said = await eve.says("hello", eve.dm(guild.bot))
        await eve.dm(guild.bot).next_from_bot(after=said, containing="hello", timeout=WAIT_S)
        for command in ("/allow", "/deny"):
            assert "it takes an owner" in (await eve.runs(command, lab, user=eve)).content
        await ann.runs("/deny", lab, user=eve, where="everywhere")
        await ignored(bot, lab, await eve.says("hello", lab))
        assert "You may not do that here" in (await eve.runs("/status", lab)).content
        assert await deeds(bot) == [
            (ann.id, action, f"user {eve.id}") for action in ("allow", "allow", "deny")
        ]


async def test_a_role_that_is_allowed_lets_its_members_speak(tmp_path: Path) -> None:
    async with offline_guild(crew=["eve"]) as guild, owned(guild, tmp_path) as bot:
        ann, ben, eve, lab = guild.user("ann"), guild.user("ben"), guild.user("eve"), guild.channel("lab")
        [crew] = [one for one in guild.world.roles.values() if one.name == "crew"]
        answer = await ann.runs("/allow", lab, role=crew, tier="operator", where="server")
        assert f"<@&{crew.id}> may now speak to me in this server, as an operator." in answer.content
        await ignored(bot, lab, await ben.says("hello", lab))
        assert "starts fresh" in (await eve.runs("/reset", lab)).content
        assert "Name either" in (await ann.runs("/allow", lab)).content
        assert "Name either" in (await ann.runs("/deny", lab, user=ben, role=crew)).content
        await ann.runs("/deny", lab, role=crew)
        await ignored(bot, lab, await eve.says("hello", lab))


async def test_who_says_what_somebody_may_do_here_and_why(tmp_path: Path) -> None:
    async with offline_guild(crew=["eve"]) as guild:
        ann, ben, eve, lab = guild.user("ann"), guild.user("ben"), guild.user("eve"), guild.channel("lab")
        [crew] = [one for one in guild.world.roles.values() if one.name == "crew"]
        async with owned(guild, tmp_path, users=frozenset({ben.id}), operator_roles=frozenset({crew.id})):
            for person, words in (
                (ann, f"<@{ann.id}> is an owner here, because they own this bot."),
                (ben, f"<@{ben.id}> is a user here, because they are listed in the settings."),
                (eve, f"<@{eve.id}> is an operator here, because a role of theirs is listed"),
            ):
                assert words in (await ann.runs("/who", lab, user=person)).content
            everybody = (await ann.runs("/who", lab)).content
            assert f"**Owners**: <@{ann.id}>" in everybody
            assert f"**Operators here**: <@&{crew.id}>" in everybody
            assert f"**Users here**: <@{ben.id}>" in everybody
            own = (await ben.runs("/who", lab)).content
            assert f"<@{ben.id}> is a user here" in own
            assert "**Users here**" not in own
            assert "Only an operator may ask about others" in (await ben.runs("/who", lab, user=ann)).content
            assert "is a user" in (await ben.runs("/who", lab, user=ben)).content


async def test_what_waits_is_dropped_when_its_author_is_denied(tmp_path: Path) -> None:
    async with offline_guild() as guild, owned(guild, tmp_path) as bot:
        ann, eve, lab = guild.user("ann"), guild.user("eve"), guild.channel("lab")
        await ann.runs("/allow", lab, user=eve)
        await hangs(ann, lab)
        waiting, mine = await eve.says("the plum", lab), await ann.says("the pear", lab)
        await waits(bot, lab, "the plum", "the pear")
        await ann.runs("/deny", lab, user=eve)
        await ann.runs("/stop", lab)
        dropped = await lab.next_from_bot(after=waiting, containing="was dropped", timeout=WAIT_S)
        assert dropped.content == (
            "-# What eve had waiting here was dropped: they may not speak to me here any more."
        )
        await lab.next_from_bot(after=mine, containing="the pear", timeout=WAIT_S)
        assert "whoever asked for it may not" in (await ann.runs("/why", lab, message=waiting.id)).content
        assert not any("the plum" in one.content for one in lab.messages() if one.author_id == guild.bot.id)


async def test_what_waits_is_dropped_when_its_author_loses_the_role(tmp_path: Path) -> None:
    async with offline_guild(crew=["eve", "ben"]) as guild:
        ann, ben, eve, lab = guild.user("ann"), guild.user("ben"), guild.user("eve"), guild.channel("lab")
        [crew] = [one for one in guild.world.roles.values() if one.name == "crew"]
        async with owned(guild, tmp_path, fresh_s=0, roles=frozenset({crew.id})) as bot:
            await hangs(ann, lab)
            lost, kept = await eve.says("the plum", lab), await ben.says("the pear", lab)
            await waits(bot, lab, "the plum", "the pear")
            guild.world.give_roles(eve.id, ())
            await ann.runs("/stop", lab)
            await lab.next_from_bot(
                after=lost, containing="What eve had waiting here was dropped", timeout=WAIT_S
            )
            await lab.next_from_bot(after=kept, containing="the pear", timeout=WAIT_S)


async def test_an_edit_is_asked_about_again(tmp_path: Path) -> None:
    async with offline_guild() as guild, owned(guild, tmp_path) as bot:
        ann, eve, lab = guild.user("ann"), guild.user("eve"), guild.channel("lab")
        await ann.runs("/allow", lab, user=eve)
        await hangs(ann, lab)
        waiting = await eve.says("the plum", lab)
        await waits(bot, lab, "the plum")
        await ann.runs("/deny", lab, user=eve)
        refused = bot.desk.people.refused["edit"]
        await eve.edits(waiting, "the poison")
        async with asyncio.timeout(WAIT_S):
            while bot.desk.people.refused["edit"] == refused:
                await asyncio.sleep(0.01)
        await waits(bot, lab, "the plum")
