"""What every vendor that keeps conversations must do with them, over `AGENTS`; Claude is the real CLI."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bot.demo.model import OfflineModel
from sessions.agents import AGENTS
from sessions.agents.base import AgentAdapter, SessionSpec
from sessions.agents.conversations import Cut, Kept
from sessions.errors import PromptNotFound, SessionNotFound
from tests.support.agents import claude_spec, make_spec, talk

pytestmark = pytest.mark.blocking
RECALL = """
[[turn]]
match = "recall"
step = [{ recall = true }]
"""


@pytest.fixture(params=[name for name, one in AGENTS.items() if "cut" in one.can])
def adapter(request: pytest.FixtureRequest) -> AgentAdapter:
    return AGENTS[request.param]


def spec_in(root: Path, adapter: AgentAdapter, model: OfflineModel) -> SessionSpec:
    if adapter.vendor == "claude":
        return claude_spec(root, model)
    root.mkdir()
    script = root / "script.toml"
    script.write_text(RECALL)
    return make_spec(root, adapter.new_session_id(), options={"script": script})


def kept(spec: SessionSpec) -> Kept:
    return Kept(home=spec.home, agent_session_id=spec.agent_session_id, workdir=spec.workdir)


def files_of(spec: SessionSpec) -> dict[Path, bytes]:
    found = [*spec.home.rglob(f"*{spec.agent_session_id}*")]
    return {path: path.read_bytes() for path in found if path.is_file()}


async def test_a_copy_knows_what_it_is_a_copy_of_up_to_the_cut(
    tmp_path: Path, adapter: AgentAdapter, model: OfflineModel
) -> None:
    source, conversations = spec_in(tmp_path / "a", adapter, model), adapter.conversations
    assert not conversations.exists(kept(source))
    prompts: list[UUID] = [uuid4() for _ in range(3)]
    async with talk(adapter, source) as agent:
        for uuid, text in zip(
            prompts, ("the word is plum", "the fruit is fig", "the tree is oak"), strict=True
        ):
            await agent.ask(text, uuid)
    assert conversations.exists(kept(source))
    assert conversations.prompts(kept(source)) == prompts
    before = files_of(source)
    for number, (cut, known) in enumerate(
        (
            (None, ("plum", "fig", "oak")),
            (Cut(prompt=prompts[1]), ("plum",)),
            (Cut(prompt=prompts[1], keep=True), ("plum", "fig")),
            (Cut(prompt=prompts[2], keep=True), ("plum", "fig", "oak")),
        )
    ):
        copy = replace(spec_in(tmp_path / f"copy{number}", adapter, model), expect_history=True)
        assert conversations.copy(kept(source), kept(copy), cut) == len(known)
        async with talk(adapter, copy) as agent:
            text = (await agent.ask("recall")).text
        assert agent.session.agent_session_id == copy.agent_session_id
        assert [word for word in ("is plum", "is fig", "is oak") if word in text] == [
            f"is {one}" for one in known
        ]
    assert files_of(source) == before
    words = conversations.text(kept(source))
    assert words.index("the word is plum") < words.index("the tree is oak")


async def test_what_is_not_there_is_not_copied_and_nothing_is_left(
    tmp_path: Path, adapter: AgentAdapter, model: OfflineModel
) -> None:
    source, conversations = spec_in(tmp_path / "a", adapter, model), adapter.conversations
    copy = spec_in(tmp_path / "b", adapter, model)
    with pytest.raises(SessionNotFound):
        conversations.copy(kept(source), kept(copy))
    async with talk(adapter, source) as agent:
        await agent.ask("the word is plum")
    with pytest.raises(PromptNotFound):
        conversations.copy(kept(source), kept(copy), Cut(prompt=uuid4()))
    assert files_of(copy) == {}
    for name in ("", "..", "../x", "a/b", "\0", "x" * 300):
        odd = replace(kept(source), agent_session_id=name)
        assert not conversations.exists(odd)
        assert conversations.text(odd) == ""
        with pytest.raises(SessionNotFound):
            conversations.copy(odd, kept(copy))


async def test_a_deleted_conversation_is_gone_and_others_stay(
    tmp_path: Path, adapter: AgentAdapter, model: OfflineModel
) -> None:
    source, conversations = spec_in(tmp_path / "a", adapter, model), adapter.conversations
    async with talk(adapter, source) as agent:
        await agent.ask("the word is plum")
    other = replace(kept(source), agent_session_id=adapter.new_session_id())
    conversations.copy(kept(source), other)
    conversations.delete(kept(source))
    conversations.delete(kept(source))
    assert files_of(source) == {}
    assert not conversations.exists(kept(source))
    assert conversations.exists(other)
