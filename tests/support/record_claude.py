"""Records the real Claude Code's output into tests/fixtures/claude: `python -m tests.support.record_claude`.

To be run again when the SDK is upgraded; then look at the difference.
"""

import asyncio
import json
import re
import shlex
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from aiohttp import web

from bot.demo.model import OfflineModel
from sessions.agents import AGENTS
from sessions.agents.base import Allow, SessionSpec
from sessions.agents.claude_start import PROGRAM
from sessions.events import Idle, PermissionAsk, TextDelta, TurnDone
from tests.support.agents import Talk, claude_spec, talk

FIXTURES = Path(__file__).parents[1] / "fixtures" / "claude"
SESSION_ID = "00000000-0000-4000-8000-000000000000"
Scene = Callable[[Talk], Awaitable[object]]


def uuid_of(turn: int) -> UUID:
    """Return the uuid under which the prompt of a recorded turn was sent."""
    return UUID(int=turn)


async def _answer(agent: Talk) -> None:
    await agent.ask("think:let me see\nsay:one two three", uuid_of(1))


async def _tool(agent: Talk) -> None:
    turn = await agent.send(
        'say:I look.\ntool:Bash:{"command":"echo $((40 + 2)) > sum; cat sum"}', uuid_of(1)
    )
    await agent.session.answer((await agent.first(PermissionAsk)).id, Allow())
    await agent.done(turn)


async def _interrupted(agent: Talk) -> None:
    turn = await agent.send("slow:5", uuid_of(1))
    await agent.first(TextDelta)
    await agent.session.interrupt()
    await agent.done(turn)
    await agent.ask("say:next", uuid_of(2))


async def _failed(agent: Talk) -> None:
    await agent.ask("fail:529", uuid_of(1))
    await agent.ask("fail:401", uuid_of(2))


async def _background(agent: Talk) -> None:
    command = json.dumps({"command": "sleep 0.3; echo $((40 + 2)) > sum", "run_in_background": True})
    turn = await agent.send(f"tool:Bash:{command}\nsay:started", uuid_of(1))
    await agent.session.answer((await agent.first(PermissionAsk)).id, Allow())
    await agent.done(turn)
    await agent.first(TurnDone, lambda done: done.turn is None)
    await agent.ask("say:next", uuid_of(2))


async def _subagent(agent: Talk) -> None:
    task = {"description": "Look", "prompt": "say:words of the subagent", "subagent_type": "general-purpose"}
    await agent.ask(f"tool:Agent:{json.dumps(task | {'run_in_background': False})}\nsay:done", uuid_of(1))


async def _busy_subagent(agent: Talk) -> None:
    prompt = 'tool:Bash:{"command":"ls"}\nsay:words of the subagent'
    task = {"description": "Look around", "prompt": prompt, "subagent_type": "general-purpose"}
    await agent.ask(f"tool:Agent:{json.dumps(task | {'run_in_background': False})}\nsay:done", uuid_of(1))


async def _tasks(agent: Talk) -> None:
    calls = [
        ("TaskCreate", {"subject": "First thing", "description": "d", "activeForm": "Doing it"}),
        ("TaskCreate", {"subject": "Second thing", "description": "d"}),
        ("TaskUpdate", {"taskId": "1", "status": "in_progress"}),
        ("TaskUpdate", {"taskId": "1", "status": "completed"}),
        ("TaskUpdate", {"taskId": "2", "status": "deleted"}),
        ("TaskUpdate", {"taskId": "7", "status": "completed"}),
    ]
    lines = [f"tool:{name}:{json.dumps(arguments)}" for name, arguments in calls]
    await agent.ask("\n".join([*lines, "say:done"]), uuid_of(1))
    await agent.ask("say:next", uuid_of(2))


async def _edits(agent: Talk) -> None:
    calls = [
        ("Write", {"file_path": "a.txt", "content": "one\ntwo\nthree\n"}),
        ("Edit", {"file_path": "a.txt", "old_string": "two", "new_string": "2"}),
    ]
    lines = [f"tool:{name}:{json.dumps(arguments)}" for name, arguments in calls]
    await agent.ask("\n".join([*lines, "say:done"]), uuid_of(1))


async def _repeated(agent: Talk) -> None:
    await agent.ask("say:once", uuid_of(1))
    await agent.first(Idle)
    await agent.ask("say:once", uuid_of(1))


SCENES: dict[str, Scene] = {
    "answer": _answer,
    "tool": _tool,
    "interrupted": _interrupted,
    "failed": _failed,
    "retried": lambda agent: agent.ask("fail:500", uuid_of(1)),
    "background": _background,
    "subagent": _subagent,
    "busy_subagent": _busy_subagent,
    "tasks": _tasks,
    "edits": _edits,
    "repeated": _repeated,
    "limited": _answer,
}


async def _limits(_request: web.Request, response: web.StreamResponse) -> None:
    kind = "anthropic-ratelimit-unified"
    reset = "1893456000"
    response.headers.update(
        {
            f"{kind}-status": "allowed_warning",
            f"{kind}-reset": reset,
            f"{kind}-5h-status": "allowed_warning",
            f"{kind}-5h-reset": reset,
            f"{kind}-5h-utilization": "0.93",
            f"{kind}-representative-claim": "five_hour",
        }
    )


def _variant(name: str, spec: SessionSpec) -> SessionSpec:
    if name == "retried":
        return replace(spec, env={**spec.env, "CLAUDE_CODE_MAX_RETRIES": "1"})
    if name == "edits":
        return replace(spec, permission_mode="acceptEdits")
    if name == "limited":
        env = {key: text for key, text in spec.env.items() if key != "ANTHROPIC_API_KEY"}
        return replace(spec, env={**env, "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-offline"})
    return spec


async def _record(name: str, scene: Scene, root: Path) -> str:
    model = OfflineModel()
    if name == "limited":
        model._runner.app.on_response_prepare.append(_limits)
    async with model:
        spec = _variant(name, claude_spec(root, model, agent_session_id=SESSION_ID))
        frames = root / "frames.jsonl"
        tee = root / "recording_launcher"
        tee.write_text(
            f'#!/bin/sh\n{shlex.quote(str(spec.launcher))} "$@" | tee {shlex.quote(str(frames))}\n'
        )
        tee.chmod(0o700)
        async with talk(AGENTS["claude"], replace(spec, launcher=tee)) as agent:
            await scene(agent)
        return _neutral(frames.read_text(), root, model.url)


def _neutral(text: str, root: Path, url: str) -> str:
    for foreign, ours in (
        (str(root), "/room"),
        (str(root).replace("/", "-"), "-room"),
        (str(PROGRAM), "/opt/claude"),
        (url.removeprefix("http://"), "127.0.0.1:1"),
    ):
        text = text.replace(foreign, ours)
    text = re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", "2026-01-01T00:00:00.000Z", text)
    frames = [json.loads(line) for line in text.splitlines()]
    kept = [frame for frame in frames if not frame["type"].startswith("control_")]
    return "".join(json.dumps(frame) + "\n" for frame in kept)


async def main() -> None:
    """Record every scene."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, scene in SCENES.items():
        with tempfile.TemporaryDirectory() as root:
            text = await _record(name, scene, Path(root))
        (FIXTURES / f"{name}.jsonl").write_text(text)


if __name__ == "__main__":
    asyncio.run(main())
