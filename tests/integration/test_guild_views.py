"""Buttons, menus and dialogues of a real discord.py bot, used by people of the offline guild."""

import discord
import discord.http
import pytest
from discord import ui

from bot.demo.guild import OfflineGuild, Refused
from bot.demo.guild.interaction import Callback
from tests.support.commander import Commander, Interaction
from tests.support.discord_client import Bot, connected


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
