"""The scripted agent's file: what it plays for which prompt.

TOML. The first `[[turn]]` whose `match` is part of the prompt is played, step by step; one without
`match` fits every prompt, and a prompt that nothing fits is echoed. Each `[[turn.step]]` is one of

    text = "Done: {prompt}"           written word by word, over `over_s` seconds (default 0)
    think = "Let me see."
    tool = "Bash"                     with `title`, `output`, `failed`; `ask = true` asks first about
                                      `input`; one of Roomkey's own tools is called with it,
                                      and says the output.
                                      AskUserQuestion and ExitPlanMode ask as Claude's do
    recall = true                     writes what was said in this conversation before
    wait_s = 1.5
    fail = "overloaded"               ends the turn as failed; `reason` is its sentence
    exit = 3                          ends the process with this code
    hang = true                       says nothing more until it is interrupted
"""

import re
import tomllib
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sessions.errors import AgentError
from sessions.events import Problem

_SEALED: Final = re.compile(r"\[[0-9]{12}\] ")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Strict):
    """A text block; `{prompt}` stands for the prompt, `{answer}` for what people said to the last ask."""

    text: str
    over_s: float = Field(default=0.0, ge=0)


class Think(_Strict):
    """A thought."""

    think: str


class Tool(_Strict):
    """A tool call and its end. With `ask` a no makes it fail with the reason as its output."""

    tool: str
    title: str = ""
    output: str = ""
    failed: bool = False
    ask: bool = False
    input: dict[str, object] = Field(default_factory=dict)


class Recall(_Strict):
    """A text block with the conversation's earlier prompts."""

    recall: Literal[True]


class Wait(_Strict):
    """A pause."""

    wait_s: float = Field(ge=0)


class Fail(_Strict):
    """The end of the turn, as failed."""

    fail: Problem
    reason: str = "The script says so."


class Exit(_Strict):
    """The end of the process."""

    exit: int = Field(ge=0, le=255)


class Hang(_Strict):
    """Silence."""

    hang: Literal[True]


Step = Text | Think | Tool | Recall | Wait | Fail | Exit | Hang


class ScriptedTurn(_Strict):
    """What is played for the prompts that hold `match`."""

    match: str = ""
    step: tuple[Step, ...] = Field(min_length=1)


class Script(_Strict):
    """A whole file."""

    turn: tuple[ScriptedTurn, ...] = ()

    def steps_for(self, prompt: str) -> tuple[Step, ...]:
        """Return what is played for a prompt."""
        return next((turn.step for turn in self.turn if turn.match in prompt), _ECHO)


_ECHO: Final[tuple[Step, ...]] = (Text(text="{prompt}"),)


def unsealed(prompt: str) -> str:
    """Return a prompt without the random digits that seal its lines: a script is the same each time."""
    sealed = _SEALED.match(prompt)
    return prompt if sealed is None else prompt.replace(sealed[0], "")


def read_script(path: Path | None) -> Script:
    """Read a script; None gives the one that echoes. Blocks.

    Raises:
        AgentError: the file cannot be read or is not a script; the text says where and why.
    """
    if path is None:
        return Script()
    try:
        return Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AgentError(f"The script {path} cannot be read: {error}", vendor="scripted") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AgentError(
            f"The script {path} is wrong at {place}: {first['msg']}", vendor="scripted"
        ) from error
