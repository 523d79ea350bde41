"""/help as a person sees it: the commands they may use, topic by topic, page by page. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.access import Needs, Tier
from bot.commands.spec import Command, Option
from bot.components import Button
from bot.measure import units
from bot.said import Said

_INTRO: Final = (
    "Every channel, thread and direct message is a room with a session of its own; only listen"
    " channels share one. Just write."
)
_MORE: Final = "-# `/help command:` tells more about one."
_FOR: Final = {Tier.OPERATOR: " (operators)", Tier.OWNER: " (owners)"}
_ACTION: Final = re.compile(r"rk:help:([0-9]{1,3})")
_PAGE_UNITS: Final = 1800

Groups = Mapping[str, Sequence[Command]]


@dataclass(frozen=True, slots=True)
class HelpClick:
    """What a button under /help says: show that page."""

    page: int

    @property
    def needs(self) -> Needs:
        """Everybody who may use /help may turn its pages."""
        return Needs(Tier.USER, others=Tier.USER)

    @property
    def turn(self) -> None:
        """No turn is meant."""


def parse_help(action: str) -> HelpClick | None:
    """Return what a button says; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    return None if found is None else HelpClick(int(found[1]))


def help_view(groups: Groups, tier: Tier, page: int = 0) -> Said:
    """Return a page of what somebody of that tier may use; the last one if there are not so many."""
    pages = list(_pages(groups, tier))
    page = min(page, len(pages) - 1)
    back = [Button(label="Back", action=f"rk:help:{page - 1}")] if page else []
    more = [Button(label="More", action=f"rk:help:{page + 1}")] if page + 1 < len(pages) else []
    head = _INTRO if not page else f"-# Page {page + 1} of {len(pages)}"
    row = (*back, *more)
    return Said("\n".join([head, *pages[page], _MORE]), rows=(row,) if row else ())


def command_view(command: Command) -> Said:
    """Return all there is to say about one command."""
    lines = [f"**{shown_name(command)}**{_FOR.get(command.tier, '')}: {command.description}."]
    lines += [f"- `{option.name}`: {option.description}{_choices(option)}" for option in command.options]
    if command.on_message:
        lines.append("Right-click a message, or hold it, and choose Apps.")
    if command.opens_thread:
        lines.append("It works in a server's channels, not in threads or direct messages.")
    return Said("\n".join(lines))


def shown_name(command: Command) -> str:
    """Return how a command is called where it is used."""
    return command.name if command.on_message else f"/{command.name}"


def theirs(groups: Groups, tier: Tier) -> Mapping[str, Sequence[Command]]:
    """Return the commands that somebody of that tier may use, by topic; without empty topics."""
    may = {
        topic: [one for one in commands if Tier.USER <= one.tier <= tier]
        for topic, commands in groups.items()
    }
    return {topic: commands for topic, commands in may.items() if commands}


def _pages(groups: Groups, tier: Tier) -> Iterator[Sequence[str]]:
    """Yield pages of whole topics; a topic that fits no page alone is cut."""
    page: list[str] = []
    for topic, commands in theirs(groups, tier).items():
        block = [f"**{topic}**", *map(_line, commands)]
        if page and _units([*page, "", *block]) > _PAGE_UNITS:
            yield page
            page = []
        elif page:
            page = [*page, ""]  # without it the topic would belong to the list before it
        for line in block:
            if page and _units([*page, line]) > _PAGE_UNITS:
                yield page
                page = []
            page = [*page, line]
    yield page


def _units(lines: Sequence[str]) -> int:
    return units("\n".join(lines))


def _line(command: Command) -> str:
    return f"- `{shown_name(command)}`{_FOR.get(command.tier, '')}: {command.description}"


def _choices(option: Option) -> str:
    return f" ({', '.join(option.choices)})" if option.choices else ""
