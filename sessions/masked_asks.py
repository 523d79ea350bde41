"""What an agent asks of people with its secrets masked; what was masked is never allowed for good. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never, cast

from sessions.ask_events import Ask, Option, PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.redaction import DEEPEST, Redactor


def masked_ask(ask: Ask, redactor: Redactor) -> Ask:
    """Return an ask as people may see it."""
    mask = redactor.text
    match ask:
        case PermissionAsk(arguments=arguments):
            shown = cast("Mapping[str, object]", redactor.fact(arguments))
            is_cut = _is_deeper(arguments, DEEPEST)
            if not is_cut and shown == arguments:
                return ask
            return replace(ask, arguments=shown, rule="", is_masked=True, is_cut=is_cut)
        case QuestionAsk(questions=questions):
            return replace(ask, questions=tuple(_masked(question, redactor) for question in questions))
        case PlanAsk(plan=plan):
            return replace(ask, plan=mask(plan))
        case _:
            assert_never(ask)


def _masked(question: Question, redactor: Redactor) -> Question:
    mask = redactor.text
    options = tuple(Option(label=mask(one.label), detail=mask(one.detail)) for one in question.options)
    return replace(question, text=mask(question.text), header=mask(question.header), options=options)


def _is_deeper(value: object, levels: int) -> bool:
    """Whether a value is nested deeper than that; without recursion, for it may be any depth."""
    level: list[object] = [value]
    for _ in range(levels + 1):
        inner: list[object] = []
        for one in level:
            if isinstance(one, Mapping):
                inner += cast("Mapping[object, object]", one).values()
            elif isinstance(one, list | tuple):
                inner += cast("list[object]", one)
        if not inner:
            return False
        level = inner
    return True
