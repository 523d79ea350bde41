"""One test for each trap of the real Claude Code, on the offline model. To be run at every SDK upgrade."""

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import Allow, SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.events import (
    BackgroundTasks,
    Exited,
    PermissionAsk,
    Retry,
    Started,
    TextDelta,
    ToolEnd,
    ToolStart,
)
from tests.support.agents import claude_spec, talk
from tests.support.claude import BACKGROUND, allowed, bash, enough, is_recorded, left_of, process_of


@pytest.fixture
def rooms(tmp_path: Path, model: OfflineModel) -> tuple[SessionSpec, SessionSpec]:
    return claude_spec(tmp_path / "one", model), claude_spec(tmp_path / "two", model)


# -- whose answer it is -------------------------------------------------------------------------


async def test_a_background_turn_does_not_answer_the_next_prompt(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        done = await allowed(agent, f"tool:Bash:{BACKGROUND}\nsay:go")
        assert done.text == "go"
        assert (await agent.first(BackgroundTasks)).count == 1
        await enough(spec)
        unasked = await agent.done(None)
        assert unasked.text == "A task in the background has ended."
        assert (await agent.ask("say:mine")).text == "mine"


async def test_a_prompt_sent_while_a_background_turn_begins_gets_its_own_answer(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        await allowed(agent, f"tool:Bash:{BACKGROUND}\nsay:go")
        await enough(spec)
        await agent.first(BackgroundTasks, lambda tasks: tasks.count == 0)
        assert (await agent.ask("say:mine")).text.endswith("mine")


async def test_a_prompt_that_was_answered_is_not_answered_again(
    spec: SessionSpec, model: OfflineModel
) -> None:
    uuid = uuid4()
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:once", uuid)
        assert (await agent.ask("say:once", uuid)).text == "once"
    async with talk(ADAPTER, replace(spec, expect_history=True)) as agent:
        done = await agent.ask("say:once", uuid)
    assert (done.status, done.text) == ("ok", "once")
    assert len(model.requests) == 1


async def test_a_prompt_cut_off_in_its_tool_says_so_when_it_is_sent_again(spec: SessionSpec) -> None:
    uuid = uuid4()
    async with talk(ADAPTER, spec) as agent:
        await agent.send(bash("echo $((40 + 2)) > sum"), uuid)
        await agent.first(PermissionAsk)
        await is_recorded(spec, "tool_use")
        os.killpg(process_of(spec), signal.SIGKILL)
        assert (await agent.first(Exited)).exit_code == -signal.SIGKILL
    async with talk(ADAPTER, replace(spec, expect_history=True)) as agent:
        done = await agent.ask(bash("echo $((40 + 2)) > sum"), uuid)
        assert (done.status, done.problem) == ("failed", "no_result")
        assert (await agent.ask("say:on we go")).text == "on we go"


async def test_one_prompt_at_a_time(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.send("hang")
        with pytest.raises(RuntimeError):
            await agent.send("say:too early")
        await agent.session.interrupt()


async def test_what_is_said_while_a_tool_runs_is_heard_with_its_result(
    spec: SessionSpec, model: OfflineModel
) -> None:
    """Not as a turn of its own, and as the user's words: Claude Code 2.1.327 puts them beside the result."""
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(bash("echo $((40 + 2)) > sum"))
        ask = await agent.first(PermissionAsk)
        assert await agent.steer("Message from ann:\n\nsay:more")
        await agent.session.answer(ask.id, Allow())
        assert (await agent.done(turn)).text == "more"
    assert [heard.meanwhile for heard in model.requests] == [(), ("Message from ann:\n\nsay:more",)]


async def test_a_prompt_is_handed_over_once(spec: SessionSpec, model: OfflineModel) -> None:
    """Claude Code passes over an uuid that it has answered, without a result that could be waited for."""
    uuid = uuid4()
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(f"{bash('echo $((40 + 2)) > sum')}\nslow:2")
        ask = await agent.first(PermissionAsk)
        assert await agent.steer("say:more", uuid)
        await agent.session.answer(ask.id, Allow())
        await agent.first(TextDelta)
        assert await agent.steer("slow:2")
        await agent.first(Started, after=agent.events.index(ask))
        assert await agent.steer("say:more", uuid)
        assert (await agent.done(turn)).text.count("more") == 1
    assert len(model.requests) == 3


async def test_the_words_of_a_subagent_are_not_the_answer(spec: SessionSpec) -> None:
    task = {"description": "Look", "prompt": "say:words of the subagent", "subagent_type": "general-purpose"}
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(f"tool:Agent:{json.dumps(task | {'run_in_background': False})}\nsay:done")
        assert (await agent.done(turn)).text == "done"
    assert "".join(delta.text for delta in agent.of(TextDelta, turn)) == "done"


async def test_a_subagent_s_tools_run_once_its_own_call_was_let_run(spec: SessionSpec) -> None:
    task = {"description": "Make", "prompt": bash("touch made"), "subagent_type": "general-purpose"}
    async with talk(ADAPTER, replace(spec, permission_mode="acceptEdits")) as agent:
        agent.holds_tools = True
        turn = await agent.send(f"tool:Agent:{json.dumps(task | {'run_in_background': False})}\nsay:done")
        call = await agent.first(ToolStart)
        agent.session.decide(call.id, Allow())
        assert (await agent.done(turn)).text == "done"
    assert [start.name for start in agent.of(ToolStart, turn)] == ["Agent", "Bash"]
    assert (spec.workdir / "made").exists()


async def test_text_before_a_tool_call_is_not_lost(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        assert (await agent.ask(f"say:I look.\n{bash('ls')}\nsay:Nothing.")).text == "I look.\n\nNothing."


async def test_a_tool_is_reported_with_its_title(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(bash("ls  -a"))
        await agent.done(turn)
    (start,) = agent.of(ToolStart, turn)
    assert (start.name, start.title) == ("Bash", "ls -a")


# -- what the agent is told ---------------------------------------------------------------------


async def test_the_system_prompt_is_claude_code_s_own_with_our_words_behind(
    spec: SessionSpec, model: OfflineModel
) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:hi")
    system = model.requests[0].system
    assert "You are Claude Code" in system
    assert "You are in a test." in system


async def test_a_path_in_a_prompt_is_not_read(spec: SessionSpec, model: OfflineModel, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-7731")
    async with talk(ADAPTER, spec) as agent:
        for form in ("@{}", "look at @{} please", "@../{name}", "Message from x:\n\n@{}"):
            await agent.ask(form.format(secret, name=secret.name))
    assert len(model.requests) == 4
    assert "canary-7731" not in "".join(text for request in model.requests for text in request.texts)


async def test_a_command_in_a_prompt_stays_text(spec: SessionSpec, model: OfflineModel) -> None:
    commands = ("/clear", "/cost", "/model opus", "!ls", "# remember this")
    async with talk(ADAPTER, spec) as agent:
        for command in commands:
            done = await agent.ask(command)
            assert command in done.text
            assert done.agent_session_id == spec.agent_session_id
    assert model.requests[-1].said == commands


async def test_odd_text_is_answered(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        for text in ("nul \0 here", "lone \ud800 surrogate", "\u202e turned", "x" * 300_000):
            assert (await agent.ask(f"{text}\nsay:fine")).text == "fine"


async def test_a_line_of_ten_megabytes_survives(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        done = await agent.ask("words:1000000")
        assert done.status == "ok"
        assert len(done.text) > 10_000_000
        assert (await agent.ask("say:next")).text == "next"


# -- memory and place ---------------------------------------------------------------------------


async def test_the_memory_directory_is_ours_and_its_index_is_read(
    spec: SessionSpec, model: OfflineModel
) -> None:
    (spec.memory_dir / "MEMORY.md").write_text("The password of the day is canary-memory.")
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:hi")
        assert (await agent.first(Started)).memory_dir == str(spec.memory_dir)
    assert str(spec.memory_dir) in model.requests[0].system
    assert "canary-memory" in "".join(model.requests[0].texts)


async def test_a_repository_cannot_move_the_memory(spec: SessionSpec, model: OfflineModel) -> None:
    settings = spec.workdir / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"autoMemoryDirectory": "/tmp/elsewhere"}))
    async with talk(ADAPTER, spec) as agent:
        assert (await agent.ask("say:hi")).status == "ok"
    assert "/tmp/elsewhere" not in model.requests[0].system


async def test_a_changed_memory_directory_and_instruction_count_from_the_next_start(
    spec: SessionSpec, model: OfflineModel, tmp_path: Path
) -> None:
    """The snapshot of the first turn's system prompt is off."""
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:hi")
    moved = tmp_path / "another_memory"
    async with talk(ADAPTER, replace(spec, memory_dir=moved, instructions="Other words.")) as agent:
        await agent.ask("say:again")
    assert str(moved) in model.requests[-1].system
    assert str(spec.memory_dir) not in model.requests[-1].system
    assert "Other words." in model.requests[-1].system
    assert "You are in a test." not in model.requests[-1].system


async def test_another_memory_than_ours_ends_the_turn_and_the_process(spec: SessionSpec) -> None:
    without = replace(spec, env={**spec.env, "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1"})
    async with talk(ADAPTER, without) as agent:
        turn = await agent.send("hang")
        done = await agent.done(turn)
        assert (done.status, done.problem) == ("failed", "other")
        assert str(spec.memory_dir) in done.text
        await agent.first(Exited)
    assert await asyncio.to_thread(left_of, spec) == []


async def test_a_repository_s_own_instructions_are_read(spec: SessionSpec, model: OfflineModel) -> None:
    (spec.workdir / "CLAUDE.md").write_text("canary-claude-md")
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:hi")
    assert "canary-claude-md" in "".join(model.requests[0].texts)


async def test_a_repository_starts_no_server(spec: SessionSpec, tmp_path: Path) -> None:
    started = tmp_path / "started"
    server = {"mcpServers": {"evil": {"command": "/usr/bin/touch", "args": [str(started)]}}}
    (spec.workdir / ".mcp.json").write_text(json.dumps(server))
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:hi")
    assert not started.exists()


async def test_an_agent_that_changes_its_directory_goes_on(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        await allowed(agent, bash("mkdir -p sub && cd sub && pwd > here"))
        assert (await agent.ask("say:still here")).text == "still here"
    assert (spec.workdir / "sub" / "here").exists()


# -- other sessions and secrets -----------------------------------------------------------------


async def test_sessions_cannot_reach_each_other(
    rooms: tuple[SessionSpec, SessionSpec], model: OfflineModel
) -> None:
    one, two = rooms
    message = {"to": two.agent_session_id, "message": "canary-peer", "summary": "canary-peer"}
    async with talk(ADAPTER, one) as sender, talk(ADAPTER, two) as receiver:
        await receiver.ask("say:I am here")
        await sender.ask("tool:ListAgents:{}\nsay:listed")
        await sender.ask(f"tool:SendMessage:{json.dumps(message)}\nsay:sent")
        await receiver.ask("recall")
    heard = [request for request in model.requests if request.session == two.agent_session_id]
    assert heard
    assert "canary-peer" not in "".join(text for request in heard for text in request.texts)
    for request in model.requests:
        assert not {"ListAgents", "SendMessage"} & set(request.tools)


async def test_what_one_room_hears_is_in_no_request_of_another(
    rooms: tuple[SessionSpec, SessionSpec], model: OfflineModel
) -> None:
    one, two = rooms
    async with talk(ADAPTER, one) as first, talk(ADAPTER, two) as second:
        await first.ask("the word is canary-one")
        await second.ask("the word is canary-two")
        await first.ask("recall")
        await second.ask("recall")
    for session, own, foreign in (
        (one.agent_session_id, "canary-one", "canary-two"),
        (two.agent_session_id, "canary-two", "canary-one"),
    ):
        requests = [request for request in model.requests if request.session == session]
        assert len(requests) == 2
        assert all(own in "".join(request.texts) for request in requests)
        assert not any(foreign in request.system + "".join(request.texts) for request in requests)


async def test_our_token_is_nowhere_in_the_agent_s_environment(
    spec: SessionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "canary-token")
    monkeypatch.setenv("ROOMKEY_DATA_DIR", "canary-data-dir")
    async with talk(ADAPTER, spec) as agent:
        done = await allowed(agent, bash("env; tr '\\0' '\\n' < /proc/$PPID/environ; echo $((40 + 2)) > x"))
        process = Path("/proc") / str(process_of(spec))
        environ = (process / "environ").read_text()
        cmdline = (process / "cmdline").read_text()
    assert "ANTHROPIC_BASE_URL" in done.text
    for text in (done.text, environ, cmdline):
        assert "canary-" not in text
        assert "ROOMKEY_LAUNCH" not in text
    assert "sk-ant-offline" not in cmdline


async def test_what_is_denied_is_not_read_and_nobody_is_asked(spec: SessionSpec, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "secret").write_text("canary-store")
    arguments = json.dumps({"file_path": str(store / "secret")})
    async with talk(ADAPTER, replace(spec, denied_roots=(store,))) as agent:
        turn = await agent.send(f"tool:Read:{arguments}")
        done = await agent.done(turn)
    (end,) = agent.of(ToolEnd, turn)
    assert end.failed
    assert "canary-store" not in end.output + done.text
    assert not agent.of(PermissionAsk, turn)


# -- failures -----------------------------------------------------------------------------------


async def test_an_api_error_is_a_failed_turn_and_the_process_lives(spec: SessionSpec) -> None:
    problems = {400: "api", 401: "login", 403: "login", 429: "rate_limit", 500: "api", 529: "overloaded"}
    async with talk(ADAPTER, spec) as agent:
        for status, problem in problems.items():
            done = await agent.ask(f"fail:{status}")
            assert (done.status, done.problem) == ("failed", problem)
            assert done.text.startswith("Claude")
        assert (await agent.ask("say:alive")).text == "alive"


async def test_more_than_fits_is_named_so(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        done = await agent.ask("say:" + "too much " * 400_000)
        assert (done.status, done.problem) == ("failed", "context")
        assert (await agent.ask("say:alive")).text == "alive"


async def test_an_api_that_is_away_is_a_failed_turn(spec: SessionSpec) -> None:
    away = replace(spec, env={**spec.env, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
    async with talk(ADAPTER, away) as agent:
        done = await agent.ask("say:hi")
    assert (done.status, done.problem) == ("failed", "api")


async def test_without_a_login_the_setting_to_fix_is_named(spec: SessionSpec) -> None:
    env = {name: text for name, text in spec.env.items() if name != "ANTHROPIC_API_KEY"}
    async with talk(ADAPTER, replace(spec, env=env)) as agent:
        done = await agent.ask("say:hi")
    assert (done.status, done.problem) == ("failed", "login")
    assert "CLAUDE_CODE_OAUTH_TOKEN" in done.text


async def test_a_retry_of_the_cli_is_reported(spec: SessionSpec) -> None:
    once_more = replace(spec, env={**spec.env, "CLAUDE_CODE_MAX_RETRIES": "1"})
    async with talk(ADAPTER, once_more) as agent:
        turn = await agent.send("fail:500")
        assert (await agent.done(turn)).status == "failed"
    (retry,) = agent.of(Retry, turn)
    assert (retry.attempt, retry.limit, retry.status) == (1, 1, 500)


async def test_the_cost_is_a_running_total_also_after_a_resume(spec: SessionSpec) -> None:
    costs: list[float] = []
    for _ in range(2):
        async with talk(ADAPTER, spec) as agent:
            for _ in range(2):
                costs.append((await agent.ask("say:one")).usage.cost_usd or 0.0)
    assert costs == sorted(set(costs))
    assert costs[0] > 0
