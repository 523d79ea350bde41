"""A room's settings as a person sees and changes them: who may set which, in which words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from bot.access import Tier
from bot.components import Button, Choice, Field, Menu, Modal, Row
from bot.render import plain
from bot.said import Said
from sessions.errors import UserError
from sessions.room_settings import NAMES, PROMPT_CHARS, Origin, RoomSettings, meaning

INHERIT: Final = "inherit"
"""Said in place of a value: what the room says itself is taken back."""

OWNERS: Final = frozenset({"permission_mode", "prompt"})
"""What owners alone may set, for it decides what the agent may do and what it believes."""

ALOUD: Final = {
    "model": "The model of this room",
    "permission_mode": "The permission mode of this room",
    "prompt": "What the agent is told about this room",
}
"""What everybody in the room is told when it changes."""

MODES: Final[Mapping[str, str]] = {
    "default": "asks before it changes files or runs commands",
    "acceptEdits": "edits files unasked, asks before it runs commands",
    "plan": "reads and plans, changes nothing",
    "dontAsk": "**never asks: refuses itself what would need your permission**",
    "bypassPermissions": "**never asks: does whatever it wants, within its isolation**",
}
_MEANS: Final[Mapping[str, Mapping[str, str]]] = {
    "permission_mode": {mode: means.replace("**", "") for mode, means in MODES.items()},
    "effort": {
        "low": "thinks little: quick and cheap",
        "medium": "thinks a while",
        "high": "thinks well before it answers",
        "xhigh": "thinks longer still",
        "max": "thinks as long as it can: slow and dear",
    },
    "when_busy": {
        "queue": "it waits until the turn has ended",
        "steer": "it is handed to the running turn if the agent can take it, else it waits",
        "interrupt": "it ends the running turn",
    },
    "on_interrupt": {
        "ask": "a card asks: Continue, Retry or Drop",
        "resume": "the turn goes on by itself",
        "fail": "the turn is given up, and the room is told",
    },
    "display": {
        "off": "nothing but the answer",
        "new": "one line for the tool at work",
        "all": "a line for each tool",
        "verbose": "a line for each tool, with its output and diffs",
    },
    "thinking": {"hidden": "nothing of it", "spoiler": "behind a spoiler", "shown": "openly"},
    "footer": {
        "off": "no such line",
        "short": "time and cost",
        "full": "time and cost, the model, its context and the directory",
    },
    "auto_thread": {
        "yes": "each message opens a thread and is answered there",
        "no": "answers stand in the channel",
    },
}
_ORIGINS: Final[Mapping[Origin, str]] = {
    "room": "set here",
    "file": "from roomkey.toml, for this room",
    "channel": "from the channel around it",
    "server": "from roomkey.toml, for this server",
    "everywhere": "from roomkey.toml, for all rooms",
}
_TEXTS: Final = ("model", "prompt", "history")
_ASKED_AT_ONCE: Final = ("when_busy", "auto_thread", "history")
_TITLE_CHARS: Final = 45
_SHOWN_CHARS: Final = 60
_PROMPT_CHARS: Final = 1200
_NUMBER_CHARS: Final = 3
_MODEL_CHARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What holds in a room, who said it, and what would hold if the room had said nothing."""

    settings: RoomSettings
    origins: Mapping[str, Origin]
    inherited: RoomSettings
    inherited_origins: Mapping[str, Origin]

    def own(self, name: str) -> object | None:
        """Return what was said in the room itself; None for nothing."""
        return getattr(self.settings, name) if self.origins.get(name) == "room" else None


def title(name: str) -> str:
    """Return how a setting is called where people read."""
    return name.replace("_", " ")


def means(name: str, choice: str) -> str:
    """Return what a choice of a setting means, in a few words; "" where a setting has no choices."""
    return _MEANS.get(name, {}).get(choice, "")


def may_set(name: str) -> Tier:
    """Return who may set something in a room."""
    return Tier.OWNER if name in OWNERS else Tier.OPERATOR


def value_of(name: str, text: str) -> object | None:
    """Return the value that a text stands for, None for `inherit` and for nothing. Raises UserError."""
    said = text.strip()
    if said in ("", INHERIT):
        return None
    if name == "auto_thread":
        if said not in ("yes", "no"):
            raise UserError("`auto_thread` is `yes` or `no`.")
        return said == "yes"
    if name == "history":
        if not (said.isascii() and said.isdigit() and len(said) <= _NUMBER_CHARS):
            raise UserError("`history` is a number from 0 to 100.")
        return int(said)
    return said


def word(name: str, value: object) -> str:
    """Return a value in a word, as it is chosen and typed."""
    if value is None or value == "":
        return "none" if name == "prompt" else "the agent's choice"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def shown(name: str, value: object) -> str:
    """Return a value in a line of Markdown."""
    if name == "prompt" and isinstance(value, str) and value:
        first = " ".join(value.split())
        cut = first if len(first) <= _SHOWN_CHARS else f"{first[:_SHOWN_CHARS]}…"
        return f"“{plain(cut)}”"
    found = word(name, value)
    return found if value is None or value == "" else f"`{found}`"


def origin(name: str, origins: Mapping[str, Origin]) -> str:
    """Return who said what holds, in words."""
    said = origins.get(name)
    return "the default" if said is None else _ORIGINS[said]


def settings_view(room: Explained, tier: Tier, note: str = "") -> Said:
    """Return all settings of a room, with a menu of those that somebody of that tier may set."""
    lines = [note] if note else []
    lines += ["**Settings of this room**"]
    lines += [
        f"- {title(name)}: {shown(name, getattr(room.settings, name))} · {origin(name, room.origins)}"
        for name in NAMES
    ]
    lines.append(
        "-# What runs goes on as it began. A thread follows its channel until it has words of its own."
    )
    theirs = [name for name in NAMES if tier >= may_set(name)]
    if not theirs:
        return Said("\n".join([*lines, "-# Operators change these; `/who` shows who that is."]))
    menu = Menu(
        action="rk:set:pick",
        hint="Change a setting",
        choices=tuple(Choice(label=title(name), value=name, detail=meaning(name)) for name in theirs),
    )
    return Said("\n".join(lines), rows=(menu,))


def setting_view(room: Explained, name: str) -> Said:
    """Return one setting of a room, with what it takes to change it."""
    value, below = getattr(room.settings, name), getattr(room.inherited, name)
    lines = [
        f"**{title(name)}**: {meaning(name)}",
        f"Now: {shown(name, value)} · {origin(name, room.origins)}",
    ]
    if room.own(name) is not None:
        lines.append(f"Inherit brings back: {shown(name, below)} · {origin(name, room.inherited_origins)}")
    if name == "permission_mode":
        lines += [f"- `{mode}`: {means}" for mode, means in MODES.items()]
    rows: list[Row] = []
    if name not in _TEXTS:
        chosen = word(name, value)
        choices = [
            Choice(label=one, value=one, detail=means(name, one), chosen=one == chosen)
            for one in choices_of(name)
        ]
        rows.append(Menu(action=f"rk:set:to:{name}", hint="Choose another", choices=tuple(choices)))
    buttons = [Button(label="Back", action="rk:set:show")]
    if room.own(name) is not None:
        buttons.insert(0, Button(label="Inherit", action=f"rk:set:unset:{name}"))
    if name in _TEXTS:
        buttons.insert(0, Button(label="Change…", action=f"rk:set:fill:{name}", style="primary"))
    return Said("\n".join(lines), rows=(*rows, tuple(buttons)))


def setting_modal(room: Explained, name: str) -> Modal:
    """Return the form in which a text of a room is changed; it begins with what the room says itself."""
    own, long = room.own(name), name == "prompt"
    limit = {"prompt": PROMPT_CHARS, "model": _MODEL_CHARS}.get(name, _NUMBER_CHARS)
    field = Field(
        name="value",
        label=name if not long else "What is the agent told about this room?",
        text="" if own is None else word(name, own),
        hint="Leave it empty to take what the channel, the server or all rooms have",
        long=long,
        required=False,
        limit=limit,
    )
    title = f"{name.capitalize()} of this room"[:_TITLE_CHARS]
    return Modal(action=f"rk:set:text:{name}", title=title, fields=(field,))


def choices_of(name: str) -> tuple[str, ...]:
    """Return the words that a setting may be; () for a text or a number."""
    if name == "auto_thread":
        return ("yes", "no")
    annotation = RoomSettings.model_fields[name].annotation
    parts = (annotation, *get_args(annotation))
    return next((get_args(one) for one in parts if getattr(one, "__origin__", None) is Literal), ())


def changed_line(name: str, room: Explained) -> str:
    """Return what is said to whoever changed a setting: what holds now, and why."""
    value = getattr(room.settings, name)
    line = f"{title(name)}: {shown(name, value)} · {origin(name, room.origins)}."
    line += f" It holds from the next {_next(name)} on."
    if name == "permission_mode":
        line += f"\nIn this mode the agent {MODES[str(value)]}."
    return line


def aloud_line(name: str, room: Explained, person_name: str) -> str:
    """Return what everybody in the room is told about a change; "" for what concerns nobody else."""
    if name not in ALOUD:
        return ""
    who, value = plain(person_name), getattr(room.settings, name)
    if name == "prompt":
        return f"-# {ALOUD[name]} was changed by {who}; `/config` shows it."
    means = f": it {MODES[str(value)].replace('**', '')}" if name == "permission_mode" else ""
    return f"-# {ALOUD[name]} is {shown(name, value)} from the next turn on, set by {who}{means}."


def _next(name: str) -> str:
    return "message" if name in _ASKED_AT_ONCE else "turn"


def prompt_view(room: Explained) -> Said:
    """Return the whole of what the agent is told about a room."""
    text = room.settings.prompt
    if not text:
        return Said("The agent is told nothing about this room. An owner can change that with `/prompt`.")
    cut = text if len(text) <= _PROMPT_CHARS else f"{text[:_PROMPT_CHARS]}…"
    return Said(f"The agent is told about this room ({origin('prompt', room.origins)}):\n>>> {cut}")
