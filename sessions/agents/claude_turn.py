"""The turn Claude Code works on for us: its prompts, those still without a result, and how it ended. Pure.

A prompt that is handed over while a tool runs is answered in the same result; one handed over while
text is written is answered in a result of its own (2.1.327). To us both are one turn.
"""

from dataclasses import replace

from sessions.agents.base import TurnInput
from sessions.agents.claude_fields import as_list
from sessions.agents.claude_results import paragraphs
from sessions.events import TurnDone


class OpenTurn:
    """A turn from its first prompt to its last result. `prompt` is the one that began it."""

    def __init__(self, prompt: TurnInput) -> None:
        self.prompt = prompt
        self._handed_over = {str(prompt.uuid)}
        self._unanswered = {str(prompt.uuid)}
        self._parts: list[TurnDone] = []

    def knows(self, prompt: TurnInput) -> bool:
        """Whether a prompt was handed over already; Claude Code passes over it the second time."""
        return str(prompt.uuid) in self._handed_over

    def steer(self, prompt: TurnInput) -> None:
        """Note that a further prompt is handed over."""
        self._handed_over.add(str(prompt.uuid))
        self._unanswered.add(str(prompt.uuid))

    def unsteer(self, prompt: TurnInput) -> None:
        """Note that it could not be handed over."""
        self._handed_over.discard(str(prompt.uuid))
        self._unanswered.discard(str(prompt.uuid))

    def is_named_in(self, uuids: object) -> bool:
        """Whether any of its prompts that have no result is among these."""
        return not self._unanswered.isdisjoint(map(str, as_list(uuids)))

    def close(self, part: TurnDone, uuids: object) -> TurnDone | None:
        """Take a result for the prompts that it names; the whole turn's end if it was the last.

        One that names none, as an early interrupt leaves it, is for the first prompt.
        """
        named = self._unanswered & set(map(str, as_list(uuids)))
        first = {str(self.prompt.uuid)} & self._unanswered
        self._unanswered -= named or first or set(self._unanswered)
        self._parts.append(part)
        return None if self._unanswered else _whole(self._parts)


def _whole(parts: list[TurnDone]) -> TurnDone:
    """Return one end for all parts: the first that is not `ok` decides, else their texts in order."""
    text = paragraphs([part.text for part in parts if part.text])
    last = parts[-1]
    usage = replace(
        last.usage,
        input_tokens=sum(part.usage.input_tokens for part in parts),
        output_tokens=sum(part.usage.output_tokens for part in parts),
    )
    decisive = next((part for part in parts if part.status != "ok"), replace(last, text=text))
    return replace(decisive, usage=usage, agent_session_id=last.agent_session_id)
