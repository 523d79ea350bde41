"""Commands, buttons, menus and dialogues of a real discord.py bot, used by people of the offline guild."""

import asyncio

import discord
import discord.http
import pytest
from discord import app_commands, ui

from bot.demo.guild import Code, OfflineGuild, Refused, Unseen
from bot.demo.guild.interaction import Callback, Choice
from tests.support.discord_client import Bot, connected

Interaction = discord.Interaction


class Reason(ui.Modal, title="Why?"):
    """A dialogue with a text, a menu and an old-style input."""

    why = ui.Label(text="Your reason", component=ui.TextInput(custom_id="why", min_length=2))
    how = ui.Label(
        text="How sure",
        component=ui.Select(
            custom_id="how",
            options=[
                discord.SelectOption(label="Very", value="9"),
                discord.SelectOption(label="Not", value="0"),
            ],
        ),
    )
    more = ui.TextInput(label="More", required=False)

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Answer with what was filled in."""
        assert isinstance(self.why.component, ui.TextInput)
        assert isinstance(self.how.component, ui.Select)
        text = f"{self.why.component.value} {self.how.component.values} {self.more.value!r}"
        await interaction.response.send_message(text, ephemeral=True)


class Controls(ui.View):
    """Buttons and menus that survive a restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.button(label="Allow once", custom_id="allow")
    async def allow(self, interaction: Interaction, _: ui.Button["Controls"]) -> None:
        """Replace the message."""
        await interaction.response.edit_message(content=f"allowed by {interaction.user.name}", view=None)

    @ui.button(label="Later", custom_id="later")
    async def later(self, interaction: Interaction, _: ui.Button["Controls"]) -> None:
        """Do nothing that shows."""
        await interaction.response.defer()

    @ui.button(label="Explain", custom_id="explain")
    async def explain(self, interaction: Interaction, _: ui.Button["Controls"]) -> None:
        """Ask back."""
        await interaction.response.send_modal(Reason())

    @ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: Interaction, _: ui.Button["Controls"]) -> None:
        """Never runs."""

    @ui.select(
        custom_id="pick",
        placeholder="Pick",
        max_values=2,
        options=[discord.SelectOption(label=name.title(), value=name) for name in ("red", "green", "blue")],
    )
    async def pick(self, interaction: Interaction, select: ui.Select["Controls"]) -> None:
        """Say what was picked."""
        await interaction.response.send_message(f"picked {select.values}")

    @ui.select(cls=ui.UserSelect, custom_id="who")
    async def who(self, interaction: Interaction, select: ui.UserSelect["Controls"]) -> None:
        """Say who was picked."""
        await interaction.response.send_message(f"picked {[user.name for user in select.values]}")


class Commander(Bot):
    """Has commands of every sort; shows its controls on a message that says so."""

    async def setup_hook(self) -> None:
        """Register and sync."""
        self.add_view(Controls())
        for command in (echo, slow, think, forget, private, session, ask, quote):
            self.tree.add_command(command)
        await self.tree.sync()

    async def on_message(self, message: discord.Message, /) -> None:
        """Show the controls."""
        if message.content == "controls":
            await message.channel.send("choose", view=Controls())


@app_commands.command(description="Say it back.")
async def echo(
    interaction: Interaction,
    text: str,
    times: int = 1,
    loud: bool = False,
    who: discord.Member | None = None,
    where: discord.TextChannel | None = None,
) -> None:
    """Answer with every option."""
    said = " ".join([text.upper() if loud else text] * times)
    await interaction.response.send_message(f"{said} {who and who.name} {where and where.name}")


@echo.autocomplete("text")
async def words(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest two words."""
    return [app_commands.Choice(name=f"{typed}{end}", value=f"{typed}{end}") for end in ("lo", "ly")]


@app_commands.command(description="Take a while.")
async def slow(interaction: Interaction) -> None:
    """Defer, answer, and say more."""
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content="done")
    await interaction.followup.send("and more")


@app_commands.command(description="Answer by follow-up.")
async def think(interaction: Interaction) -> None:
    """Defer for one person and answer by a follow-up."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.followup.send("thought", ephemeral=True)


@app_commands.command(description="Never answer.")
async def forget(_: Interaction) -> None:
    """Do nothing."""


@app_commands.command(description="Answer one person.")
async def private(interaction: Interaction) -> None:
    """Answer with a button that only one person sees, then change the answer."""
    await interaction.response.send_message("for you", ephemeral=True, view=Controls())
    await interaction.edit_original_response(content="for you alone")


@app_commands.command(description="Ask.")
async def ask(interaction: Interaction) -> None:
    """Open a dialogue."""
    await interaction.response.send_modal(Reason())


@app_commands.context_menu(name="Quote this")
async def quote(interaction: Interaction, message: discord.Message) -> None:
    """Answer with the message it was used on."""
    assert message.channel.id == interaction.channel_id
    await interaction.response.send_message(f"{message.author.name} said {message.content}")


session = app_commands.Group(name="session", description="Sessions.")


@session.command(name="close", description="Close one.")
@app_commands.choices(kind=[app_commands.Choice(name="Soft", value="soft")])
async def close(interaction: Interaction, kind: str) -> None:
    """Answer with where this was called."""
    await interaction.response.send_message(
        f"closed {kind} in {interaction.channel_id} for {interaction.user.name}"
    )


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


async def test_buttons_answer_update_and_defer():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, desk = guild.user("ann"), guild.channel("desk")
        await ann.says("controls", desk)
        shown = await desk.next_from_bot()
        assert "[Allow once] [Later] [Explain] [Off off]" in desk.transcript()
        deferred = await ann.clicks(shown, custom_id="later")
        with pytest.raises(Refused, match="disabled"):
            await ann.clicks(shown, label="Off")
        with pytest.raises(Refused, match="no button 'Nope'"):
            await ann.clicks(shown, label="Nope")
        updated = await ann.clicks(shown, label="Allow once")
        with pytest.raises(Refused, match="no button"):
            await ann.clicks(shown, label="Allow once")

    assert deferred.interaction.acknowledged is Callback.DEFERRED_UPDATE
    assert (updated.message.id, updated.content) == (shown.id, "allowed by ann")


async def test_menus_take_what_they_offer():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, desk = guild.user("ann"), guild.channel("desk")
        await ann.says("controls", desk)
        shown = await desk.next_from_bot()
        colours = await ann.selects(shown, "Red", "blue", custom_id="pick")
        people = await ann.selects(shown, guild.user("ben"), custom_id="who")
        with pytest.raises(Refused, match="1 to 2"):
            await ann.selects(shown, "red", "green", "blue", custom_id="pick")
        with pytest.raises(Refused, match="no option"):
            await ann.selects(shown, "pink", custom_id="pick")
        with pytest.raises(Refused, match="choose one menu"):
            await ann.selects(shown, "red")

    assert (colours.content, people.content) == ("picked ['red', 'blue']", "picked ['ben']")
    assert colours.message.reference is not None
    assert colours.message.reference.message_id == shown.id


async def test_a_dialogue_is_filled_in_by_label_or_id_and_only_once():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Commander()):
        ann, desk = guild.user("ann"), guild.channel("desk")
        modal = (await ann.runs("/ask", desk)).modal
        with pytest.raises(Refused, match="does not take"):
            await ann.submits(modal, {"why": "x", "how": "Very"})
        with pytest.raises(Refused, match="no field"):
            await ann.submits(modal, {"why": "because", "how": "Very", "colour": "red"})
        with pytest.raises(Refused, match="not open for ben"):
            await guild.user("ben").submits(modal, {"why": "because", "how": "Very"})
        answer = await ann.submits(modal, {"Your reason": "because", "How sure": "Very", "More": "much"})
        with pytest.raises(Refused, match="not open"):
            await ann.submits(modal, {"why": "because", "how": "Very"})

    assert answer.content == "because ['9'] 'much'"


async def test_a_button_works_after_the_bot_was_restarted():
    async with OfflineGuild(channels=["desk"]) as guild:
        ann, desk = guild.user("ann"), guild.channel("desk")
        async with connected(guild, Commander()):
            await ann.says("controls", desk)
            shown = await desk.next_from_bot()
        async with connected(guild, Commander()):
            answer = await ann.clicks(shown, label="Allow once")

    assert answer.content == "allowed by ann"


async def test_a_dialogue_left_open_over_a_restart_reaches_on_interaction_alone():
    class Second(Commander):
        async def on_interaction(self, interaction: Interaction, /) -> None:
            if interaction.type is discord.InteractionType.modal_submit:
                await interaction.response.send_message("that was before my restart", ephemeral=True)

    async with OfflineGuild(channels=["desk"]) as guild:
        ann, desk = guild.user("ann"), guild.channel("desk")
        async with connected(guild, Commander()):
            modal = (await ann.runs("/ask", desk)).modal
        async with connected(guild, Second()):
            answer = await ann.submits(modal, {"why": "because", "how": "Very"})

    assert answer.content == "that was before my restart"


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


async def test_layout_views_stand_without_content():
    class Card(ui.LayoutView):
        text = ui.TextDisplay("# A card")
        row: ui.ActionRow["Card"] = ui.ActionRow()

        @row.button(label="Press")
        async def press(self, interaction: Interaction, _: ui.Button["Card"]) -> None:
            await interaction.response.send_message("pressed")

    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if not message.author.bot:
            await message.channel.send(view=Card())

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        await ann.says("card", desk)
        shown = await desk.next_from_bot()
        answer = await ann.clicks(shown, label="Press")

    assert answer.content == "pressed"
    assert "robot: # A card" in desk.transcript()
