"""The real Claude Code in the bubblewrap box: its work in its room works, and its room is all there is."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.box.mounts import Mount
from tests.support.agents import claude_spec, talk
from tests.support.boxes import hijacked_spec, left_behind, need
from tests.support.claude import allowed, bash

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.blocking,
    pytest.mark.filterwarnings("ignore:can_use_tool will not be invoked"),  # the agent here may do everything
]

TOLD_BY_CLAUDE = (
    "AI_AGENT",
    "CLAUDE",
    "COREPACK_",
    "GIT_EDITOR",
    "NoDefault",
    "OLDPWD",
    "SHELL",
    "SHLVL",
    "_",
)
"""Claude Code sets these for its own commands."""


def write(path: Path, text: str) -> str:
    return f"tool:Write:{json.dumps({'file_path': str(path), 'content': text})}"


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    need("bwrap")
    async with OfflineModel() as model:
        yield model


@pytest.fixture
def spec(tmp_path: Path, model: OfflineModel) -> SessionSpec:
    return hijacked_spec(tmp_path / "room", model, "bwrap")


async def test_a_turn_works_in_the_room_with_the_room_s_own_paths(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(
            bash("pwd > where; echo 1 > $HOME/made; echo 2 > $TMPDIR/made && cat $TMPDIR/made > tmp")
        )
        await agent.ask(write(spec.workdir / "written", "by a tool"))
        await agent.ask(write(spec.memory_dir / "MEMORY.md", "remembered"))
    assert (spec.workdir / "where").read_text() == f"{spec.workdir}\n"
    assert (spec.workdir / "tmp").read_text() == "2\n"
    assert (spec.workdir / "written").read_text() == "by a tool"
    assert (spec.memory_dir / "MEMORY.md").read_text() == "remembered"
    assert (spec.home / "made").read_text() == "1\n"
    assert {path.stat().st_uid for path in spec.workdir.iterdir()} == {os.geteuid()}


async def test_a_permission_is_asked_through_the_box(tmp_path: Path, model: OfflineModel) -> None:
    spec = claude_spec(tmp_path / "room", model, isolation="bwrap")
    async with talk(ADAPTER, spec) as agent:
        assert (await allowed(agent, bash("echo 1 > made"))).status == "ok"
    assert (spec.workdir / "made").read_text() == "1\n"


async def test_another_room_is_not_there_for_any_tool(
    spec: SessionSpec, model: OfflineModel, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "secret").write_text("canary-of-another-room")
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(
            bash(f"cat {other}/secret; ls -la {tmp_path}; echo x > {other}/planted; echo tried > tried")
        )
        await agent.ask(f"tool:Read:{json.dumps({'file_path': str(other / 'secret')})}")
        await agent.ask(write(other / "written", "x"))
    heard = [text for request in model.requests for text in request.texts]
    assert any("tried" in text for text in heard)
    assert not any("canary-of-another-room" in text for text in heard)
    assert (spec.workdir / "tried").exists()
    assert [path.name for path in other.iterdir()] == ["secret"]


async def test_its_commands_have_the_listed_environment_and_no_more(
    spec: SessionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "canary-token")
    monkeypatch.setenv("ROOMKEY_DATA_DIR", "canary-data-dir")
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(bash("env -0 > env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline > all"))
    names = {entry.split("=")[0] for entry in (spec.workdir / "env").read_text().split("\0") if entry}
    listed = {*spec.env, "PWD", "ROOMKEY_SESSION", "CLAUDE_CONFIG_DIR"}
    listed |= {"DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY"}
    assert {name for name in names - listed if not name.startswith(TOLD_BY_CLAUDE)} == set()
    assert "canary" not in (spec.workdir / "all").read_text(errors="replace")


async def test_a_conversation_goes_on_in_the_box_and_out_of_it(tmp_path: Path, model: OfflineModel) -> None:
    spec = claude_spec(tmp_path / "room", model)
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:outside before")
    for isolation, said in (("bwrap", "within"), ("none", "outside again")):
        spec = replace(spec, expect_history=True, isolation=isolation)
        async with talk(ADAPTER, spec) as agent:
            await agent.ask(f"say:{said}")
    async with talk(ADAPTER, replace(spec, isolation="bwrap")) as agent:
        recalled = (await agent.ask("recall")).text
    for said in ("outside before", "within", "outside again"):
        assert said in recalled


async def test_what_the_owner_mounts_is_there_as_given(spec: SessionSpec, tmp_path: Path) -> None:
    repo, out = tmp_path / "repo", tmp_path / "out"
    for place in (repo, out):
        place.mkdir()
    (repo / "text").write_text("words")
    spec = replace(spec, mounts=(Mount(repo, writable=False), Mount(out, writable=True)))
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(bash(f"cat {repo}/text > {out}/copy; echo x > {repo}/text"))
    assert (out / "copy").read_text() == "words"
    assert (repo / "text").read_text() == "words"


async def test_claudes_own_sandbox_works_in_the_box(spec: SessionSpec) -> None:
    """Fenced twice: the box lets it write in its home, its own sandbox does not.

    Where the bot is root the kernel gives the inner one no /proc of its own, so it is told to do without.
    """
    (spec.workdir / ".claude").mkdir()
    sandbox = {"enabled": True, "failIfUnavailable": True, "allowUnsandboxedCommands": False}
    settings = {"sandbox": {**sandbox, "enableWeakerNestedSandbox": os.geteuid() == 0}}
    (spec.workdir / ".claude" / "settings.json").write_text(json.dumps(settings))
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(bash(f"echo 1 > made; echo 1 > {spec.home}/made"))
    assert (spec.workdir / "made").exists()
    assert not (spec.home / "made").exists()


async def test_what_is_left_running_ends_with_the_agent(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(bash("setsid sleep 1000 > /dev/null 2>&1 < /dev/null & echo 1 > made"))
        await agent.session.close(5)
    assert await asyncio.to_thread(left_behind, spec.lock) == []
