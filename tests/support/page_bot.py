"""A small discord.py bot with one of everything the page shows: growing answers, buttons, menu, modal."""

import asyncio

import discord
from discord import app_commands, ui

from bot.demo.guild import OfflineGuild
from tests.support.discord_client import Bot

GROWN = """## What I found
I read **three** files.

```py
def add(a, b):
    return a + b
```
- the sum was wrong
- see <#{place}>
> and a test was missing
-# 42 s, 7 tools"""


class Fruit(ui.Select[ui.View]):
    """A menu."""

    def __init__(self) -> None:
        options = [
            discord.SelectOption(label="Apple", description="green and sour"),
            discord.SelectOption(label="Pear"),
        ]
        super().__init__(placeholder="Pick a fruit", custom_id="fruit", options=options)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Say what was chosen, to who chose."""
        await interaction.response.send_message(f"{self.values[0]} it is", ephemeral=True)


class Why(ui.Modal, title="Why not?"):
    """A dialogue."""

    reason: ui.Label["Why"] = ui.Label(text="Reason", component=ui.TextInput["Why"](custom_id="reason"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was filled in."""
        assert isinstance(self.reason.component, ui.TextInput)
        await interaction.response.send_message(f"denied: {self.reason.component.value}")


class About(ui.Modal, title="Ask about this"):
    """A dialogue that a command on a message opens."""

    words: ui.Label["About"] = ui.Label(text="Question", component=ui.TextInput["About"](custom_id="words"))

    def __init__(self, said: str) -> None:
        super().__init__()
        self._said = said

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was asked about what."""
        assert isinstance(self.words.component, ui.TextInput)
        await interaction.response.send_message(f"{self.words.component.value} ({self._said})")


class Tags(ui.Select[ui.View]):
    """A menu of which several may be chosen."""

    def __init__(self) -> None:
        options = [discord.SelectOption(label=name) for name in ("red", "green", "blue")]
        super().__init__(
            placeholder="Pick colours", custom_id="tags", options=options, min_values=1, max_values=2
        )

    async def callback(self, interaction: discord.Interaction) -> None:
        """Say what was chosen."""
        await interaction.response.send_message(" and ".join(self.values), ephemeral=True)


class Ask(ui.View):
    """A question with buttons and a menu."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(Fruit())
        self.add_item(Tags())

    @ui.button(label="Allow once", style=discord.ButtonStyle.success, custom_id="allow")
    async def allow(self, interaction: discord.Interaction, _: ui.Button[ui.View]) -> None:
        """Turn the question into one line."""
        await interaction.response.edit_message(content=f"allowed by {interaction.user.name}", view=None)

    @ui.button(label="Deny", style=discord.ButtonStyle.danger, custom_id="deny")
    async def deny(self, interaction: discord.Interaction, _: ui.Button[ui.View]) -> None:
        """Ask why."""
        await interaction.response.send_modal(Why())


class PageBot(Bot):
    """Echoes; `grow` grows when `go_on` is set, `ask` asks. Its slash commands answer one person."""

    def __init__(self, guild: OfflineGuild) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.add_listener(self._answer, "on_message")
        self._place = discord.Object(int(guild.world.guild_id))

    async def setup_hook(self) -> None:
        """Register the commands."""
        for command in (status, resume, why, ask_about):
            self.tree.add_command(command, guild=self._place)
        await self.tree.sync(guild=self._place)

    async def _answer(self, message: discord.Message) -> None:
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        if message.content == "ask":
            await message.reply("May I run `pytest -q` here?", view=Ask())
        elif message.content == "grow":
            answer = await message.reply("## What I found")
            await self.go_on.wait()
            whole = GROWN.format(place=message.channel.id)
            for end in range(20, len(whole), 60):
                answer = await answer.edit(content=whole[:end])
            await answer.edit(content=whole)
        elif message.attachments:
            read = [f"{file.filename}: {(await file.read()).decode()}" for file in message.attachments]
            await message.reply("\n".join(read))
        else:
            await message.reply(f"you said {message.content}")


@app_commands.command(description="What this room is and does")
@app_commands.describe(verbose="Also say what nobody has asked for, at length, so that it needs two lines")
async def status(interaction: discord.Interaction, verbose: bool = False) -> None:
    """Answer one person alone."""
    await interaction.response.send_message(f"idle, verbose: {verbose}", ephemeral=True)


@app_commands.command(description="Continue an earlier session")
async def resume(interaction: discord.Interaction, session: str, turns: int = 0) -> None:
    """Answer one person alone."""
    await interaction.response.send_message(f"resumed {session}, {turns} turns", ephemeral=True)


@app_commands.command(description="What became of a message")
async def why(interaction: discord.Interaction, message: str) -> None:
    """Answer one person alone."""
    await interaction.response.send_message(f"looked for {message}", ephemeral=True)


@app_commands.context_menu(name="Ask about this")
async def ask_about(interaction: discord.Interaction, message: discord.Message) -> None:
    """Ask what is to be known about a message."""
    await interaction.response.send_modal(About(message.content))


@resume.autocomplete("session")
async def _sessions(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    known = ("the red one", "the green one", "the blue one")
    return [app_commands.Choice(name=one, value=one.split()[1]) for one in known if typed in one]
