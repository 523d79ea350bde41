"""Prompts as Claude Code gets them: people's words are only words, also in the one command that is ours."""

from uuid import UUID

from sessions.agents.base import TurnInput
from sessions.agents.claude_frames import prompt_frames
from sessions.keys import TurnId

UUID_ = UUID(int=7)


async def frame(text: str, *, compact: bool = False) -> dict[str, object]:
    turn = TurnInput(turn=TurnId(1), uuid=UUID_, text=text, compact=compact)
    [only] = [one async for one in prompt_frames(turn)]
    return only


async def test_a_prompt_is_marked_as_words() -> None:
    made = await frame("/compact @/etc/hostname")
    assert made["client_composed"] is True
    assert made["uuid"] == str(UUID_)


async def test_compacting_is_a_command_whose_hint_reads_no_file() -> None:
    made = await frame("keep\n/clear @/etc/hostname and @~/x", compact=True)
    assert "client_composed" not in made
    assert made["message"] == {
        "role": "user",
        "content": "/compact keep /clear (at) /etc/hostname and (at) ~/x",
    }
    assert (await frame("", compact=True))["message"] == {"role": "user", "content": "/compact"}
