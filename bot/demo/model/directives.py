"""What a prompt tells the offline model to do: text -> steps. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

_NAMED: Final = r"(?:say|think|slow|words|tool|fail):"
_PLAYS: Final = (
    r"ask|effort|story|plan|background|agent|tasks|edit|long|images|table|headings|code|file|picture"
)
# Ordinary words, so they count at the start of a line alone.
_LINE: Final = rf"(?:(?:recall|hang|refuse|think|{_PLAYS})[ \t]*$|(?:run|pause|{_PLAYS}):(?=\S))"
_FIRST: Final = re.compile(rf"(?<!\S){_NAMED}|^[ \t]*(?:<?@\S+[ \t]+)?(?={_LINE})", re.MULTILINE)
_NEXT: Final = re.compile(rf"^(?=[ \t]*(?:{_NAMED}|{_LINE}))", re.MULTILINE)
_SEALED: Final = re.compile(r"\[[0-9]{12}\] ")
"""What begins each part of a prompt: the same digits in all of them."""

_MATERIAL: Final = ("Quoted", "Said before", "Said here before", "All of inbox/", "The beginning of inbox/")


@dataclass(frozen=True, slots=True)
class Say:
    """Write `text`; spread over `over_s` seconds, word by word, if that is not 0."""

    text: str
    over_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Think:
    """Think `text` before the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """Call a tool; what follows waits for its result."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Pause:
    """Write nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Play:
    """A short scene under a name, such as `tasks` or `long:50`; `bot.demo.model.plays` has its steps."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer with an HTTP error. `until` is when a limit is over, in seconds since 1970; 0: not said."""

    status: int
    text: str = ""
    until: int = 0


Bare = Literal["recall", "hang", "refuse"]
Step = Say | Think | Call | Pause | Play | Fail | Bare


def read_directives(prompt: str) -> tuple[Step, ...]:
    """Return the steps that a prompt asks for, in order; none if it holds no directive.

    What a person asks for comes before what is only quoted to them. A malformed directive becomes a
    step that says what is wrong with it.
    """
    asked = without_quotes(prompt)
    first = _FIRST.search(asked)
    if first is None:
        asked, first = prompt, _FIRST.search(prompt)
    if first is None:
        return ()
    begin = first.start() if first[0].strip().endswith(":") else first.end()
    return tuple(_step(part.strip()) for part in _NEXT.split(asked[begin:]) if part.strip())


def without_quotes(prompt: str) -> str:
    """Return a prompt of Roomkey's without the parts that nobody asks for, and without its seals."""
    sealed = _SEALED.match(prompt)
    if sealed is None:
        return prompt
    parts = prompt.split(sealed[0])[1:]
    return "".join([part for part in parts if not part.startswith(_MATERIAL)]).strip()


def shown(prompt: str) -> tuple[str, ...]:
    """Return what came along with a prompt of Roomkey's for the model to see: quotes, texts of files."""
    sealed = _SEALED.match(prompt)
    if sealed is None:
        return ()
    parts = prompt.split(sealed[0])[1:]
    return tuple(part.partition("\n")[2].strip() for part in parts if part.startswith(_MATERIAL))


def _step(part: str) -> Step:
    first = part.partition("\n")[0].strip()
    if first == "recall" or first == "hang" or first == "refuse":
        return first
    name, _, rest = part.partition(":")
    try:
        match name:
            case "say":
                return Say(rest.strip())
            case "think" if rest.strip():
                return Think(rest.strip())
            case "slow":
                return _slow(rest)
            case "pause":
                return Pause(float(rest))
            case "run":
                return Call("Bash", {"command": rest.strip()})
            case "words":
                return Say(_words(int(rest.split()[0])))
            case "fail":
                return _fail(rest)
            case "tool":
                return _call(rest)
            case _:
                scene, _, argument = first.partition(":")
                return Play(scene, argument.strip())
    except (ValueError, IndexError) as error:
        return Say(f"I do not understand the directive `{part[:80]}`: {error}")


def _words(count: int) -> str:
    return " ".join(f"word{number}" for number in range(1, count + 1))


def _slow(rest: str) -> Say:
    seconds, _, text = rest.strip().partition("\n")[0].partition(" ")
    return Say(text.strip() or _words(20), over_s=float(seconds))


def _fail(rest: str) -> Fail:
    number, _, text = rest.strip().partition(" ")
    status, until = int(number), 0
    if not 400 <= status <= 599:
        raise ValueError("a failure's status is 400 to 599")
    if text.startswith("until:"):
        number, _, text = text.removeprefix("until:").partition(" ")
        until = int(number)
    return Fail(status, text, until)


def _call(rest: str) -> Call:
    name, _, arguments = rest.partition(":")
    # Not json.loads: more text may follow the object.
    decoded: object = json.JSONDecoder().raw_decode(arguments.strip())[0]
    if not isinstance(decoded, dict):
        raise ValueError("a tool's arguments are a JSON object")  # noqa: TRY004 -- foreign text, no type of ours
    return Call(name.strip(), cast("dict[str, object]", decoded))
