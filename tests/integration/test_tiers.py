"""Who may do what, on the offline guild: the first owner, others' turns and requests, the audit log."""

from pathlib import Path

import pytest

from bot.access import Rules
from sessions.keys import session_key
from tests.support.tiers import SCRIPT, WAIT_S, code_of, deeds, hangs, ignored, offline_guild, owned
from tests.support.whole_bot import whole_bot


async def test_the_code_in_the_log_makes_the_first_owner(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with offline_guild() as guild:
        ann, eve, lab = guild.user("ann"), guild.user("eve"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=Rules()) as bot:
            code = code_of(caplog)
            await ignored(bot, lab, await ann.says("hello", lab))
            assert "You may not do that here" in (await ann.runs("/status", lab)).content
            assert "That is not the code" in (await eve.runs("/pair", lab, code="AAAA-AAAA")).content
            answer = await ann.runs("/pair", lab, code=code)
            assert "You own this bot now" in answer.content
            assert answer.message.visible_to == ann.id
            assert "may not do that here" in (await eve.runs("/pair", lab, code=code)).content
            said = await ann.says("hello", lab)
            await lab.next_from_bot(after=said, containing="hello", timeout=WAIT_S)
            await ignored(bot, lab, await eve.says("hello", lab))
            assert await deeds(bot) == [(ann.id, "pair", f"user {ann.id}")]
        caplog.clear()
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=Rules()):
            said = await ann.says("hello again", lab)
            await lab.next_from_bot(after=said, containing="hello again", timeout=WAIT_S)
            assert not any("code" in vars(one) for one in caplog.records)


async def test_a_direct_message_with_the_code_pairs_and_no_other_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with offline_guild() as guild:
        ann, robot = guild.user("ann"), guild.bot
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=Rules()) as bot:
            direct = ann.dm(robot)
            for text in ("hello", "AAAA-AAAA"):
                await ignored(bot, direct, await ann.says(text, direct))
            said = await ann.says(code_of(caplog).lower(), direct)
            await direct.next_from_bot(after=said, containing="You own this bot now", timeout=WAIT_S)
            by_bot = [one for one in direct.messages() if one.author_id == robot.id]
            assert len(by_bot) == 1
            said = await ann.says("hello", direct)
            await direct.next_from_bot(after=said, containing="hello", timeout=WAIT_S)


async def test_a_user_stops_their_own_turn_and_an_operator_anybody_s(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, eve, lab = guild.user("ann"), guild.user("ben"), guild.user("eve"), guild.channel("lab")
        async with owned(guild, tmp_path, users=frozenset({ben.id, eve.id})) as bot:
            said = await hangs(eve, lab)
            refused = await ben.runs("/stop", lab)
            assert "only eve, who asked for it, or an operator may" in refused.content
            assert refused.message.visible_to == ben.id
            assert (await bot.manager.status(session_key(lab.id))).state == "running"
            assert "it takes an operator" in (await ben.runs("/reset", lab)).content
            assert "Stopping" in (await eve.runs("/stop", lab)).content
            await lab.next_from_bot(after=said, containing="Stopped.", timeout=WAIT_S)
            said = await hangs(eve, lab)
            assert "Stopping" in (await ann.runs("/stop", lab)).content
            await lab.next_from_bot(after=said, containing="Stopped.", timeout=WAIT_S)
            await ann.runs("/reset", lab)
            room = f"room {lab.id}"
            assert await deeds(bot) == [(ann.id, "stop", room), (ann.id, "reset", room)]


async def test_a_request_is_answered_by_who_asked_or_an_operator(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, eve, lab = guild.user("ann"), guild.user("ben"), guild.user("eve"), guild.channel("lab")
        async with owned(guild, tmp_path, users=frozenset({ben.id, eve.id})) as bot:
            for person in (eve, ann):
                said = await eve.says("ask", lab)
                card = await lab.next_from_bot(after=said, containing="needs your permission", timeout=WAIT_S)
                await ben.clicks(card, label="Allow once")
                refused = await ben.next_private(lab, after=card, containing="only eve, who asked for it")
                lab.remove(refused)
                await person.clicks(card, label="Allow once")
                await lab.next_from_bot(after=card, containing="the tool ran", timeout=WAIT_S)
            assert [(actor, action) for actor, action, _ in await deeds(bot)] == [
                (eve.id, "allow request"),
                (ann.id, "allow request"),
            ]


async def test_a_button_of_an_older_turn_obeys_what_holds_now(tmp_path: Path) -> None:
    async with offline_guild() as guild, owned(guild, tmp_path) as bot:
        ann, eve, lab = guild.user("ann"), guild.user("eve"), guild.channel("lab")
        await ann.runs("/allow", lab, user=eve)
        said = await eve.says("ask", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission", timeout=WAIT_S)
        await ann.runs("/deny", lab, user=eve)
        await eve.clicks(card, label="Allow once")
        await eve.next_private(lab, after=card, containing="You may not do that here")
        await ann.clicks(card, label="Deny")
        await lab.edited(card, containing="denied by ann", timeout=WAIT_S)
        assert [action for _, action, _ in await deeds(bot)] == ["allow", "deny", "deny request"]


async def test_who_may_not_any_more_resumes_nothing(tmp_path: Path) -> None:
    """What is refused leaves nothing behind that was begun and not waited for: a test fails at such."""
    async with offline_guild() as guild, owned(guild, tmp_path) as bot:
        ann, eve, lab = guild.user("ann"), guild.user("eve"), guild.channel("lab")
        await ann.runs("/allow", lab, user=eve, tier="operator")
        said = await ann.says("the plum", lab)
        await lab.next_from_bot(after=said, containing="the plum", timeout=WAIT_S)
        await ann.runs("/new", lab)
        await lab.next_from_bot(after=said, containing="Started fresh", timeout=WAIT_S)
        view = (await eve.runs("/sessions", lab)).message
        assert view is not None
        [former] = [
            one for one in await bot.manager.past.sessions(session_key(lab.id)) if one.state == "former"
        ]
        await eve.selects(view, former.ref)
        await eve.next_private(lab, containing="Id: `", timeout=WAIT_S)
        await ann.runs("/deny", lab, user=eve)
        await eve.clicks(view, label="Resume here")
        await eve.next_private(lab, after=view, containing="You may not do that here", timeout=WAIT_S)
        assert (await deeds(bot))[-1][1] == "deny"


async def test_who_operates_one_listen_channel_is_a_user_of_the_room_that_all_share(tmp_path: Path) -> None:
    async with offline_guild() as guild, owned(guild, tmp_path) as bot:
        ann, ben, desk = guild.user("ann"), guild.user("ben"), guild.channel("desk")
        answer = await ann.runs("/allow", desk, user=ben, tier="operator")
        assert "shares its session with others" in answer.content
        assert "it takes an operator" in (await ben.runs("/reset", desk)).content
        await ann.runs("/allow", desk, user=ben, tier="operator", where="everywhere")
        assert "starts fresh" in (await ben.runs("/reset", desk)).content
        assert (await deeds(bot))[-1] == (ben.id, "reset", "room default")


async def test_an_owner_cannot_be_denied_by_accident(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=Rules()):
            await ben.runs("/pair", lab, code=code_of(caplog))
            assert "You cannot deny yourself" in (await ben.runs("/deny", lab, user=ben)).content
        async with owned(guild, tmp_path) as bot:  # ann is an owner by the settings, ben because he paired
            assert "take them out of `discord.owners`" in (await ben.runs("/deny", lab, user=ann)).content
            assert "Say `where: everywhere`" in (await ann.runs("/deny", lab, user=ben)).content
            await ann.runs("/deny", lab, user=ben, where="everywhere")
            await ignored(bot, lab, await ben.says("hello", lab))
