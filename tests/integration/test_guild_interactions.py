"""Commands of a real discord.py bot, used by people of the offline guild, and the limits of their answers."""

import asyncio

import discord
import discord.http
import pytest

from bot.demo.guild import Code, OfflineGuild, Refused, Unseen
from bot.demo.guild.interaction import Callback, Choice
from tests.support.commander import Commander, Interaction, Reason
from tests.support.discord_client import connected


async def test_a_command_gets_typed_options():
    async with OfflineGuild(channels=["desk", "lab"]) as guild, connected(guild, Commander()):
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        whole = await ann.runs("/echo", desk, text="hi", times=2, loud=True, who=guild.user("ben"), where=lab)
        bare = await ann.runs("/echo", desk, text="hi")
        nested = await ann.runs("/session close", desk, kind="soft")

    assert whole.content == "HI HI ben lab"
    assert bare.content == "hi None None"
    assert nested.content == f"closed soft in {desk.id} for ann"
    assert whole.message.cause is not None
    assert (whole.message.kind, whole.message.cause.name, nested.interaction.name) == (
        20,
        "echo",
        "session close",
    )


async def test_what_the_client_does_not_offer_is_refused():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, desk = guild.user("ann"), guild.channel("desk")
        with pytest.raises(Refused, match="not offered here"):
            await ann.runs("/never-synced", desk)
        with pytest.raises(Refused, match="needs the option text"):
            await ann.runs("/echo", desk)
        with pytest.raises(Refused, match="takes no str"):
            await ann.runs("/echo", desk, text="x", times="two")
        with pytest.raises(Refused, match="has no option"):
            await ann.runs("/echo", desk, text="x", volume=3)
        with pytest.raises(Refused, match="takes one of"):
            await ann.runs("/session close", desk, kind="hard")
        with pytest.raises(Refused, match="needs one of: close"):
            await ann.runs("/session", desk)

    assert guild.world.interactions == {}


async def test_a_command_is_used_on_a_message():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, ben, desk = guild.user("ann"), guild.user("ben"), guild.channel("desk")
        said = await ben.says("hi", desk)
        quoted = await ann.uses("Quote this", said)
        with pytest.raises(Refused, match="Quote this"):
            await ann.uses("Eat this", said)

    assert quoted.content == "ben said hi"
    assert quoted.message.kind == discord.MessageType.context_menu_command.value
    assert quoted.message.cause is not None
    assert quoted.message.cause.target_id == said.id


async def test_suggestions_come_while_typing():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        found = await guild.user("ann").suggestions(
            "/echo", guild.channel("desk"), focused="text", text="hel"
        )
        with pytest.raises(Refused, match="no suggestions"):
            await guild.user("ann").suggestions("/echo", guild.channel("desk"), focused="times")

    assert found == (Choice("hello", "hello"), Choice("helly", "helly"))


async def test_a_deferred_answer_thinks_then_answers_and_follows_up():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, desk = guild.user("ann"), guild.channel("desk")
        answer = await ann.runs("/slow", desk)
        assert answer.content == "done"
        await desk.next_from_bot(containing="and more")

    assert answer.interaction.acknowledged is Callback.DEFERRED_MESSAGE
    assert [message.content for message in answer.messages] == ["done", "and more"]
    assert answer.message.edited_at is None
    assert guild.ledger.mention_violations() == []


async def test_ephemeral_answers_are_for_one_person():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()) as bot:
        ann, ben, desk = guild.user("ann"), guild.user("ben"), guild.channel("desk")
        await ann.runs("/think", desk)
        await ann.runs("/private", desk)
        seen = await ann.next_private(desk, containing="for you alone")
        clicked = await ann.clicks(seen, label="Allow once")
        channel = bot.get_channel(int(desk.id))
        assert isinstance(channel, discord.TextChannel)
        history = [message async for message in channel.history()]

    assert history == []
    assert ben.private_messages(desk) == []
    assert [message.content for message in ann.private_messages(desk)] == ["thought", "allowed by ann"]
    assert clicked.message.id == seen.id
    assert desk.transcript() == "robot (only ann): thought\nrobot (only ann): allowed by ann (edited)"


async def test_no_answer_shows_the_transcript_and_the_last_requests():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, desk = guild.user("ann"), guild.channel("desk")
        await ann.says("is anybody there?", desk)
        with pytest.raises(Unseen) as unseen:
            await ann.runs("/forget", desk, timeout=0.1)

    assert "waited 0.1 s for the bot's answer to 'forget'" in str(unseen.value)
    assert "ann: is anybody there?" in str(unseen.value)
    assert "PUT /applications/" in str(unseen.value)


async def test_the_limits_of_three_seconds_fifteen_minutes_and_one_answer_hold():
    codes: dict[str, int] = {}

    class Strict(Commander):
        async def on_interaction(self, interaction: Interaction, /) -> None:
            """Try what is not possible any more."""
            name = str((interaction.data or {}).get("name"))
            if name == "forget":
                guild.advance(3.1)
                codes["late"] = await refusal(interaction.response.send_message("too late"))
                done.set()

    async def refusal(doing: object) -> int:
        with pytest.raises(discord.HTTPException) as refused:
            await doing  # type: ignore[misc]
        return refused.value.code

    done = asyncio.Event()
    async with OfflineGuild(channels=["desk"], may_ping=True) as guild, connected(guild, Strict()) as bot:
        ann, desk = guild.user("ann"), guild.channel("desk")
        with pytest.raises(Unseen):
            await ann.runs("/forget", desk, timeout=0.3)
        await done.wait()
        answer = await ann.runs("/echo", desk, text="once")
        state, token = answer.interaction, answer.interaction.token
        second = discord.http.Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=state.id,
            webhook_token=token,
        )
        codes["second"] = await refusal(
            bot.http.request(second, json={"type": 4, "data": {"content": "two"}})
        )
        guild.advance(15 * 60 + 1)
        follow_up = discord.http.Route(
            "POST",
            "/webhooks/{webhook_id}/{webhook_token}",
            webhook_id=state.application_id,
            webhook_token=token,
        )
        codes["expired"] = await refusal(bot.http.request(follow_up, json={"content": "hello?"}))

    assert codes == {
        "late": Code.UNKNOWN_INTERACTION,
        "second": Code.ALREADY_ACKNOWLEDGED,
        "expired": Code.INVALID_TOKEN,
    }


async def test_a_first_answer_must_fit_its_interaction():
    codes: list[int] = []

    class Wrong(Commander):
        async def on_interaction(self, interaction: Interaction, /) -> None:
            """Open a dialogue after deferring, which Discord does not allow."""
            if (interaction.data or {}).get("name") == "forget":
                await interaction.response.defer()
                interaction.response._response_type = None
                with pytest.raises(discord.HTTPException) as refused:
                    await interaction.response.send_modal(Reason())
                codes.append(refused.value.code)
                await interaction.followup.send("so I say it")

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Wrong()):
        answer = await guild.user("ann").runs("/forget", guild.channel("desk"))

    assert codes == [Code.ALREADY_ACKNOWLEDGED]
    assert answer.content == "so I say it"


async def test_commands_work_in_direct_messages_too():
    async with OfflineGuild() as guild, connected(guild, Commander()):
        ann = guild.user("ann")
        answer = await ann.runs("/echo", ann.dm(guild.bot), text="psst")

    assert answer.content == "psst None None"
