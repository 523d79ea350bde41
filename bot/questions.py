"""The agent's questions: their cards one after the other, what a click or a reply answers, the summary."""

import re
from dataclasses import dataclass
from typing import Final

from bot.access import Needs, Tier
from bot.approvals import Decider
from bot.approvals import answer as decide
from bot.ask_view import Scene, foot
from bot.chat import Incoming
from bot.components import MAX_CHOICES, Button, Choice, Field, FileOut, Menu, Modal, Pressed, Row
from bot.measure import units
from bot.open_asks import CardView, OpenAsk, OpenAsks, short_name
from bot.render import clean, pieces, plain, shortened
from bot.said import Clicked, Said
from sessions.agents.base import Answers
from sessions.errors import AlreadyDecided, UserError
from sessions.events import Question, QuestionAsk
from sessions.keys import TurnId

_NO_WORDS: Final = "(The agent asks without a word.)"
QUESTION_FILE: Final = "question.md"
ANSWERED: Final = "it is the answer to a question of the agent, which has it"
"""Why such a message became no turn of its own."""

_ACTION: Final = re.compile(
    r"rk:pick:(?P<turn>[0-9]{1,18}):(?P<ask>[0-9a-f]{16}):(?P<number>[0-9]{1,2}):(?P<choice>[0-9]{1,3}|menu|other|text)"
)
_BUTTONS: Final = 5
_LABEL_UNITS: Final = 75
_DETAIL_UNITS: Final = 200
_ANSWER_UNITS: Final = 100
_TEXT_CHARS: Final = 2000
_TEXT: Final = "answer"


@dataclass(frozen=True, slots=True)
class PickClick:
    """What a component of a question says. `number` counts the questions of one ask from 0.

    `choice` is the number of an option, `menu` for those in `values`, `other` for the button that opens a
    modal, and `text` for that modal, whose text is the only one of `values`.
    """

    turn: TurnId
    ask: str
    number: int
    choice: str
    values: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        """Who may answer: whoever asked for the turn, or an operator."""
        return Needs(Tier.USER, others=Tier.OPERATOR)


def parse_pick(pressed: Pressed) -> PickClick | None:
    """Return what a component of a question says; None if it is none of these."""
    found = _ACTION.fullmatch(pressed.action)
    if found is None:
        return None
    values = (pressed.fields.get(_TEXT, ""),) if found["choice"] == "text" else pressed.values
    return PickClick(TurnId(int(found["turn"])), found["ask"], int(found["number"]), found["choice"], values)


def other_modal(click: PickClick) -> Modal:
    """Return the modal for an answer in one's own words."""
    return Modal(
        action=f"rk:pick:{click.turn}:{click.ask}:{click.number}:text",
        title="Answer in your own words",
        fields=(Field(name=_TEXT, label="Your answer", long=True, limit=_TEXT_CHARS),),
    )


def question_view(entry: OpenAsk, ask: QuestionAsk, scene: Scene) -> CardView:
    """Return the card of the first question that has no answer yet, with the answers so far."""
    number = min(len(entry.answers), len(ask.questions) - 1)
    question = ask.questions[number]
    act = "choose" if _has_menu(question) else "press"
    small = foot(scene, f"{act}, or reply to this message · closes {{}}")
    before = [_answer_line(*one) for one in zip(ask.questions, entry.answers, strict=False)]
    text = "\n".join([*before, _question_text(question, number, len(ask.questions))])
    room, files, notes = scene.limit - units(small) - 120, (), list[str]()
    if len(question.options) > MAX_CHOICES:
        notes.append(f"-# The menu has the first {MAX_CHOICES}; for another press Other and write it.")
        room -= units(notes[0])
    parts = pieces(text[: 4 * room], room)  # only the first is shown
    if len(parts) > 1:
        content = text.encode("utf-8", "replace")
        fits = len(content) <= scene.file_bytes
        files = (FileOut(QUESTION_FILE, content),) if fits else ()
        where = f"all of it is in `{QUESTION_FILE}`" if fits else "the rest cannot be shown here"
        notes.append(f"-# This is only the beginning: {where}.")
    rows = _rows(f"rk:pick:{entry.turn}:{short_name(ask.id)}:{number}", question)
    return CardView("\n".join([parts[0] if parts else _NO_WORDS, *notes, small]), rows, files)


async def pick(
    click: PickClick, person_name: str, asks: OpenAsks, decider: Decider, on: str | None = None
) -> Clicked:
    """Take an answer given `on` a message; returns the next question, or the summary after the last.

    Raises:
        AlreadyDecided: that question has an answer, or nobody waits for one any more.
        UserError: that is no answer.
    """
    entry = asks.entry(click.turn, click.ask)
    if entry is None or not isinstance(entry.ask, QuestionAsk) or click.number != len(entry.answers):
        raise AlreadyDecided
    text = _picked(entry.ask.questions[click.number], click)
    if not text:
        raise UserError("That was no answer. Choose one, or press Other and write it.")
    note(entry, text)
    is_elsewhere = on is not None and asks.of_message(on) is not entry
    line = await finish(entry, person_name, decider, is_elsewhere=is_elsewhere)
    if line is not None:
        return Clicked(Said(line), deed="answer question")
    view = entry.view()
    return Clicked(Said(view.text, view.rows), deed="answer question")


def note(entry: OpenAsk, text: str) -> None:
    """Note the answer to the question that is next. A plain call: two people never answer the same one.

    Raises AlreadyDecided.
    """
    if not isinstance(entry.ask, QuestionAsk) or len(entry.answers) >= len(entry.ask.questions):
        raise AlreadyDecided
    entry.answers.append(text)


async def finish(
    entry: OpenAsk, person_name: str, decider: Decider, *, is_elsewhere: bool = False
) -> str | None:
    """Hand the answers over if the last one was noted; returns what the card becomes, else None.

    If that was elsewhere than on the card, the card changes by itself. Raises AlreadyDecided, StateError:
    that answer is forgotten.
    """
    ask = entry.ask
    if not isinstance(ask, QuestionAsk) or len(entry.answers) < len(ask.questions):
        if is_elsewhere:
            entry.answered_elsewhere()
        return None
    line = summary(ask, entry.answers, person_name)
    try:
        await decide(decider, entry, Answers(texts=tuple(entry.answers)), line=line if is_elsewhere else "")
    except BaseException:
        del entry.answers[len(ask.questions) - 1 :]  # earlier ones may have been taken back meanwhile
        raise
    return line


def answer_in(incoming: Incoming, asks: OpenAsks) -> tuple[OpenAsk, str] | None:
    """Return what a message answers: a reply to the card of a question, by whoever asked for the turn."""
    entry = asks.of_message(incoming.replies_to)
    if entry is None or incoming.attachments or incoming.person.id != entry.author_id:
        return None
    text = in_words(entry, incoming.text)
    return (entry, text) if text else None


def in_words(entry: OpenAsk, text: str) -> str:
    """Return what a reply to a card answers: an option by its name or number, else the text itself."""
    if not isinstance(entry.ask, QuestionAsk) or len(entry.answers) >= len(entry.ask.questions):
        return ""
    said = clean(text).strip()[:_TEXT_CHARS]
    options = entry.ask.questions[len(entry.answers)].options
    for number, option in enumerate(options, 1):
        if option.label and said.casefold() in (str(number), option.label.casefold()):
            return option.label
    return said


def summary(ask: QuestionAsk, answers: list[str], person_name: str) -> str:
    """Return what the card becomes when all is answered: a line for each question."""
    lines = [_answer_line(*one) for one in zip(ask.questions[:4], answers, strict=False)]
    return "\n".join([*lines[:-1], f"{lines[-1]} · answered by {plain(person_name)}"])


def _answer_line(question: Question, text: str) -> str:
    return f"-# {plain(shortened(question.text, _ANSWER_UNITS))} **{plain(shortened(text, _ANSWER_UNITS))}**"


def _question_text(question: Question, number: int, count: int) -> str:
    header = plain(shortened(question.header, 80))
    head = " · ".join(
        filter(None, [f"**{header}**" if header else "", f"{number + 1} of {count}" if count > 1 else ""])
    )
    options = [
        f"{at}. **{plain(label(option.label, at))}**{_detail(option.detail)}"
        for at, option in enumerate(question.options, 1)
    ]
    return "\n".join(filter(None, [head, clean(question.text), *options]))


def _has_menu(question: Question) -> bool:
    return bool(question.options) and (question.is_multiple or len(question.options) > _BUTTONS)


def _detail(text: str) -> str:
    return f" – {plain(shortened(text, _DETAIL_UNITS))}" if text.strip() else ""


def label(text: str, number: int) -> str:
    """Return the name of an option, a number if it has none: no chat takes an empty one."""
    return shortened("".join(char for char in text if char.isprintable()), _LABEL_UNITS) or f"Option {number}"


def _rows(action: str, question: Question) -> tuple[Row, ...]:
    options = question.options
    other = Button(label="Other…", action=f"{action}:other")
    if not options:
        return ((other,),)
    if not _has_menu(question):
        best = next((at for at, option in enumerate(options) if "recommended" in option.label.lower()), None)
        buttons = tuple(
            Button(
                label=label(option.label, at + 1),
                action=f"{action}:{at}",
                style="primary" if at == best else "plain",
            )
            for at, option in enumerate(options)
        )
        return ((*buttons, other),) if len(buttons) < _BUTTONS else (buttons, (other,))
    choices = tuple(
        Choice(label=label(option.label, at + 1), value=str(at), detail=shortened(option.detail, 100))
        for at, option in enumerate(options[:MAX_CHOICES])
    )
    most = len(choices) if question.is_multiple else 1
    hint = "Choose as many as you like" if question.is_multiple else "Choose one"
    return Menu(action=f"{action}:menu", hint=hint, choices=choices, most=most), (other,)


def _picked(question: Question, click: PickClick) -> str:
    if click.choice == "text":
        return clean("".join(click.values)).strip()[:_TEXT_CHARS]
    numbers = click.values if click.choice == "menu" else (click.choice,)
    labels = [
        question.options[int(one)].label or label("", int(one) + 1)
        for one in numbers
        if one.isascii() and one.isdigit() and int(one) < len(question.options)
    ]
    return ", ".join(labels)
