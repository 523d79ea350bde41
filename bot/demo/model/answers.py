"""What the offline model answers to what it heard: a request -> the steps of one response. Pure."""

from typing import Final

from bot.demo.model.conversation import TASK_NOTIFICATION, Heard
from bot.demo.model.directives import Call, Play, Say, Step, read_directives, shown, without_quotes
from bot.demo.model.plays import pictures, play

_QUOTE_CHARS: Final = 200
_RESULT_CHARS: Final = 2000
_HEARD: Final = "as a machine heard it:"
_FILES: Final = "\n\nFiles sent with this message:"


def answer(heard: Heard) -> tuple[Step, ...]:
    """Return the steps of this response: at most one tool call, and that comes last.

    Never empty. `recall` and scenes are resolved into what they stand for.
    """
    if heard.prompt.startswith(TASK_NOTIFICATION):
        return (Say("A task in the background has ended."),)
    steps = _played(heard.prompt, heard) or [Say(_small_talk(heard))]
    for text in heard.meanwhile:
        steps += _played(text, heard) or [Say(_ended(f"You also said: “{_quote(text)}”"))]
    for _ in heard.results:
        steps = _after_call(steps)
    if not steps:
        return (Say(f"tool said: {heard.results[-1][:_RESULT_CHARS]}"),)
    response: list[Step] = []
    for step in steps:
        response.append(Say(_recalled(heard)) if step == "recall" else step)
        if isinstance(step, Call):
            break
    return tuple(response)


def _played(text: str, heard: Heard) -> list[Step]:
    steps: list[Step] = []
    for step in read_directives(text):
        steps += play(step, heard) if isinstance(step, Play) else (step,)
    return steps


def _after_call(steps: list[Step]) -> list[Step]:
    calls = [place for place, step in enumerate(steps) if isinstance(step, Call)]
    return steps[calls[0] + 1 :] if calls else []


def _small_talk(heard: Heard) -> str:
    said = [text for text in heard.said if not text.startswith(TASK_NOTIFICATION)]
    words = f"I heard: “{_quote(heard.prompt)}”"
    if heard.images:
        words = f"{words}, and I see {pictures(heard)}"
    if len(said) < 2:
        words = f"{_ended(words)} That is the first thing I hear in this room."
    else:
        first = f"the first was “{_quote(said[0])}”"
        words = _ended(f"{_ended(words)} You have told me {len(said)} things in this room; {first}")
    return " ".join(
        [words, *(_ended(f"I was shown: “{_quote(text)}”") for text in shown(heard.prompt) if text)]
    )


def _ended(sentence: str) -> str:
    """Return a sentence with its full stop, unless it ends with the quote of one."""
    return sentence if sentence.endswith((".”", "!”")) else f"{sentence}."


def _recalled(heard: Heard) -> str:
    earlier = heard.said[:-1]
    if not earlier:
        return "Nothing was said in this room before."
    return "\n".join(["Said in this room before:", *(f"- {_quote(text)}" for text in earlier)])


def _quote(text: str) -> str:
    """Return a text as one short line, without the label line that a bot may put before it."""
    text, _, files = (without_quotes(text) or text).partition(_FILES)
    label, _, rest = text.partition("\n")
    spoken = files.partition(_HEARD)[2]
    said = rest + spoken if label.rstrip().endswith(":") and (rest + spoken).strip() else text
    line = " ".join(said.split())
    return line if len(line) <= _QUOTE_CHARS else f"{line[: _QUOTE_CHARS - 1]}…"
