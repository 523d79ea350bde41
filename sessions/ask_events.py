"""What an agent may ask of people while it works: a permission, questions, a plan to approve. Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sessions.keys import TurnId


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAsk:
    """The agent waits for a yes or no before it uses a tool. Answered by `AgentSession.answer`.

    `fingerprint` is the same for the same tool with the same arguments alone; "" is never the same.
    `rule` is what can be allowed for good, "" for nothing. `is_masked` says that something in the
    arguments is hidden, `is_cut` that some of them are left out: they are nested too deep. `is_planning`
    says that the agent plans, so that no rule allows anything.
    """

    id: str
    tool: str
    title: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    fingerprint: str = ""
    rule: str = ""
    is_masked: bool = False
    is_cut: bool = False
    is_planning: bool = False
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer that the agent offers, with what it says about it."""

    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the answers that the agent offers; any other text is an answer, too.

    `header` names it in a word or two. `is_multiple` says that several may be chosen.
    """

    text: str
    header: str = ""
    options: tuple[Option, ...] = ()
    is_multiple: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsk:
    """The agent waits for answers to its questions, at least one. Answered by `AgentSession.answer`."""

    id: str
    questions: tuple[Question, ...]
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAsk:
    """The agent waits until its plan, in Markdown, is approved or sent back with a word about it.

    `fingerprint` as for a permission.
    """

    id: str
    plan: str
    fingerprint: str = ""
    turn: TurnId | None = None


Ask = PermissionAsk | QuestionAsk | PlanAsk
