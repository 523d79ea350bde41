"""A small discord.py bot with commands of every sort, buttons, menus and a dialogue."""

import discord
import discord.http
from discord import app_commands, ui

from tests.support.discord_client import Bot

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
