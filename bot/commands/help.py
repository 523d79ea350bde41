"""/help: the list of commands, made from the commands themselves."""

from collections.abc import Sequence
from typing import Final

from bot.access import Tier
from bot.commands.help_view import Groups, command_view, help_view, shown_name, theirs
from bot.commands.spec import Call, Command, Hint, Option
from bot.components import Choice
from bot.said import Said
from sessions.errors import UserError

TOPIC: Final = "Help"


def with_help(groups: Groups) -> Groups:
    """Return all commands by topic, /help among them: the topic `Help` holds it alone."""
    everything: dict[str, Sequence[Command]] = {**groups}

    async def run(call: Call) -> Said:
        asked = call.text("command").strip()
        if not asked:
            return help_view(everything, call.tier)
        named = [one for one in _of(call.tier) if shown_name(one) == asked or one.name == asked.lstrip("/")]
        if not named:
            raise UserError(f"There is no command `{asked[:50]}` for you. `/help` lists those there are.")
        return command_view(named[0])

    def suggest(hint: Hint) -> Sequence[Choice]:
        typed = hint.text.strip().lstrip("/").lower()
        found = [one for one in _of(hint.tier) if typed in one.name.lower()]
        return [Choice(label=shown_name(one), value=shown_name(one)) for one in found]

    def _of(tier: Tier) -> Sequence[Command]:
        return [one for commands in theirs(everything, tier).values() for one in commands]

    everything[TOPIC] = (
        Command(
            name="help",
            description="List the commands that you may use here",
            tier=Tier.USER,
            run=run,
            options=(
                Option(name="command", description="Tell all about this one", kind="words", suggest=suggest),
            ),
        ),
    )
    return everything
