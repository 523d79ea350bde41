"""Claude's AskUserQuestion and ExitPlanMode <-> questions and plans of ours. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from sessions.agents.claude_fields import as_list, as_map, as_text
from sessions.agents.claude_tools import tool_title
from sessions.ask_events import Ask, Option, PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.keys import TurnId
from sessions.permission_rules import fingerprint, offered

QUESTION_TOOL: Final = "AskUserQuestion"
PLAN_TOOL: Final = "ExitPlanMode"

_MOST: Final = 20
"""How many questions of one call are asked; Claude Code 2.1.327 allows four."""
_MOST_OPTIONS: Final = 100


def ask_of(
    ask: str,
    tool: str,
    arguments: Mapping[str, object],
    turn: TurnId | None,
    workdir: str,
    *,
    is_planning: bool = False,
) -> Ask | None:
    """Return what a tool's request asks of people; None for questions that hold none."""
    if tool == QUESTION_TOOL:
        questions = _questions(arguments)
        return QuestionAsk(id=ask, questions=questions, turn=turn) if questions else None
    mark = fingerprint(tool, arguments)
    if tool == PLAN_TOOL:
        return PlanAsk(id=ask, plan=as_text(arguments.get("plan")), fingerprint=mark, turn=turn)
    rule = None if is_planning else offered(tool, arguments, workdir)
    return PermissionAsk(
        id=ask,
        tool=tool,
        title=tool_title(tool, arguments),
        arguments=arguments,
        fingerprint=mark,
        rule="" if rule is None else str(rule),
        is_planning=is_planning,
        turn=turn,
    )


def answered(arguments: Mapping[str, object], texts: Sequence[str]) -> dict[str, object]:
    """Return the tool's arguments with people's answers, as Claude Code reads them."""
    asked = [as_text(question.get("question")) for question in _raw(arguments)]
    return {**arguments, "answers": dict(zip(asked, texts, strict=False))}


def _questions(arguments: Mapping[str, object]) -> tuple[Question, ...]:
    return tuple(
        Question(
            text=as_text(question.get("question")),
            header=as_text(question.get("header")),
            options=tuple(
                Option(label=as_text(one.get("label")), detail=as_text(one.get("description")))
                for one in map(as_map, as_list(question.get("options"))[:_MOST_OPTIONS])
            ),
            is_multiple=question.get("multiSelect") is True,
        )
        for question in _raw(arguments)
    )


def _raw(arguments: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = map(as_map, as_list(arguments.get("questions"))[:_MOST])
    return [question for question in found if as_text(question.get("question"))]
