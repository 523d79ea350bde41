"""How Claude Code is started, as far as it can be seen without starting it."""

import json
import os
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
from claude_agent_sdk import (
    ClaudeAgentOptions,
    CLIConnectionError,
    CLIJSONDecodeError,
    HookJSONOutput,
    PermissionResultAllow,
    ProcessError,
    ResultError,
)

from sessions.agents.base import SessionSpec, WayOut
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_start import disobedience, launch, options, prepare, start_error
from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.agents.tools import HubTool, ToolAnswer
from sessions.box.launcher import DESCRIPTION, EXIT_LINKED
from sessions.errors import AgentError, AgentMissing, SessionBusy, SessionNotFound
from tests.support.agents import make_spec

SESSION_ID = "3f1c2a56-0000-4000-8000-0000000000aa"


@pytest.fixture
def spec(tmp_path: Path) -> SessionSpec:
    return make_spec(tmp_path, SESSION_ID, env={"ANTHROPIC_API_KEY": "sk-ant-secret"})


async def let_run(*_: object) -> HookJSONOutput:
    return {}


async def allow(*_: object) -> PermissionResultAllow:
    return PermissionResultAllow()


def chosen_for(
    spec: SessionSpec, *, resume: bool = False, stderr: deque[str] | None = None
) -> ClaudeAgentOptions:
    return options(
        spec,
        resume=resume,
        launched=launch(spec),
        can_use_tool=allow,
        before_tool=let_run,
        stderr=deque() if stderr is None else stderr,
    )


def write_transcript(spec: SessionSpec, *rows: object) -> Path:
    path = transcript_path(config_dir(spec.home), spec.workdir, SESSION_ID)
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_session_without_a_conversation_is_new(spec: SessionSpec) -> None:
    assert prepare(spec) is False


def test_a_session_with_a_conversation_is_continued(spec: SessionSpec) -> None:
    write_transcript(spec, {"type": "queue-operation"}, {"type": "user", "message": {"content": "hi"}})
    assert prepare(spec) is True


def test_a_lost_conversation_is_a_loss(spec: SessionSpec) -> None:
    with pytest.raises(SessionNotFound):
        prepare(replace(spec, expect_history=True))


def test_the_leftover_of_a_killed_start_is_set_aside(spec: SessionSpec) -> None:
    leftover = write_transcript(spec, {"type": "queue-operation", "content": "hi"})
    assert prepare(spec) is False
    assert not leftover.exists()
    assert leftover.with_suffix(".empty").read_text().startswith('{"type": "queue-operation"')


def test_a_leftover_that_cannot_be_set_aside_is_named(spec: SessionSpec) -> None:
    leftover = write_transcript(spec, {"type": "queue-operation", "content": "hi"})
    leftover.with_suffix(".empty").mkdir()
    with pytest.raises(AgentError, match=r"cannot be moved out of the way: .* Remove it"):
        prepare(spec)


def test_a_missing_workdir_is_named(spec: SessionSpec) -> None:
    with pytest.raises(AgentError, match="elsewhere"):
        prepare(replace(spec, workdir=Path("/elsewhere")))


def test_bypass_is_refused_for_root_with_a_sentence(
    spec: SessionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(AgentError, match="root"):
        prepare(replace(spec, permission_mode="bypassPermissions"))
    assert prepare(spec) is False
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert prepare(replace(spec, permission_mode="bypassPermissions")) is False


def test_in_a_box_of_its_own_processes_nobody_is_root(
    spec: SessionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert prepare(replace(spec, permission_mode="bypassPermissions", isolation="bwrap")) is False


def test_a_directory_that_became_a_link_is_said(spec: SessionSpec) -> None:
    error = ProcessError("ended", exit_code=EXIT_LINKED)
    said = str(start_error(error, spec, "/srv/repo leads over a link", busy=False))
    assert "/srv/repo leads over a link" in said
    assert "Put it back" in said


def test_the_configuration_directory_is_private(spec: SessionSpec) -> None:
    prepare(spec)
    assert config_dir(spec.home).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("planted", ["a link that leads nowhere", "a file"])
def test_what_an_agent_put_in_the_place_of_that_directory_is_said(spec: SessionSpec, planted: str) -> None:
    config = config_dir(spec.home)
    config.parent.mkdir(parents=True, exist_ok=True)
    if planted == "a file":
        config.write_text("")
    else:
        config.symlink_to(spec.home.parent / "planted")
    with pytest.raises(AgentError, match="Remove what is in its place"):
        prepare(spec)
    assert not (spec.home.parent / "planted").exists()


def test_a_new_session_and_a_resumed_one_use_the_same_id(spec: SessionSpec) -> None:
    new = chosen_for(spec, resume=False)
    resumed = chosen_for(spec, resume=True)
    assert (new.session_id, new.resume) == (SESSION_ID, None)
    assert (resumed.session_id, resumed.resume) == (None, SESSION_ID)


def test_model_effort_and_mode_of_the_room_are_asked_for(spec: SessionSpec) -> None:
    chosen = chosen_for(replace(spec, model="opus", effort="low", permission_mode="plan"))
    assert (chosen.model, chosen.effort, chosen.permission_mode) == ("opus", "low", "plan")
    assert (chosen_for(spec).model, chosen_for(spec).effort) == (None, None)


def test_settings_place_the_memory_and_close_the_ways_out(spec: SessionSpec) -> None:
    chosen = chosen_for(replace(spec, denied_roots=(Path("/data/store"),)))
    assert chosen.settings is not None
    settings = json.loads(chosen.settings)
    assert settings["autoMemoryDirectory"] == str(spec.memory_dir)
    assert settings["crossSessionInbound"] == "refuse"
    assert {"Read(//data/store/**)", "Edit(//data/store/**)"} <= set(settings["permissions"]["deny"])
    assert {"ListAgents", "SendMessage"} <= set(chosen.disallowed_tools)


def test_tools_of_ours_are_served_and_run_unasked(spec: SessionSpec) -> None:
    async def call(_: object) -> ToolAnswer:
        return ToolAnswer(text="done")

    tool = HubTool(name="send_file", description="Send.", schema={"type": "object"}, call=call)
    with_it, without = chosen_for(replace(spec, tools=(tool,))), chosen_for(spec)
    assert isinstance(with_it.mcp_servers, dict)
    assert list(with_it.mcp_servers) == ["roomkey"]
    assert json.loads(with_it.settings or "")["permissions"]["allow"] == ["mcp__roomkey"]
    assert without.mcp_servers == {}
    assert json.loads(without.settings or "")["permissions"]["allow"] == []


def test_with_a_way_out_of_its_box_claudes_own_sandbox_is_on(spec: SessionSpec) -> None:
    strict = replace(spec, isolation="strict", way_out=WayOut(Path("/s/room.sock"), ("example.org",)))
    settings = json.loads(chosen_for(strict).settings or "")
    assert settings["sandbox"]["enabled"] is True
    assert settings["sandbox"]["network"]["allowedDomains"] == ["example.org"]
    assert "/s/room.sock" in launch(strict)
    assert "sandbox" not in json.loads(chosen_for(spec).settings or "")


def test_the_login_is_in_the_description_alone(spec: SessionSpec) -> None:
    chosen = chosen_for(spec, resume=False)
    assert list(chosen.env) == ["ROOMKEY_LAUNCH"]
    described = json.loads(chosen.env["ROOMKEY_LAUNCH"])
    assert described["env"]["ANTHROPIC_API_KEY"] == "sk-ant-secret"
    assert described["env"]["CLAUDE_CONFIG_DIR"] == str(config_dir(spec.home))
    assert "sk-ant-secret" not in repr(replace_env(chosen))


def replace_env(chosen: object) -> object:
    """Return the options without their environment: what could end in a command line."""
    return {name: value for name, value in vars(chosen).items() if name != "env"}


@pytest.mark.parametrize(
    ("error", "busy", "kind", "retryable"),
    [
        (ProcessError("x", exit_code=75), False, SessionBusy, True),
        (CLIConnectionError("broken pipe"), True, SessionBusy, True),
        (CLIConnectionError("broken pipe"), False, AgentError, False),
        (ProcessError("x", exit_code=127), False, AgentMissing, False),
        (ProcessError("x", exit_code=1), True, AgentError, False),
        (ResultError("x", {"subtype": "error_during_execution"}, 1), False, SessionNotFound, False),
        (TimeoutError(), False, AgentError, True),
        (CLIJSONDecodeError("{", ValueError("no")), False, AgentError, False),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), False, AgentError, False),
        (OSError("odd"), False, AgentError, False),
    ],
)
def test_a_failed_start_is_named_by_its_fields(
    spec: SessionSpec, error: Exception, busy: bool, kind: type[AgentError], retryable: bool
) -> None:
    found = start_error(error, spec, "the last words", busy=busy)
    assert type(found) is kind
    assert (found.retryable, found.vendor, found.stderr_tail) == (retryable, "claude", "the last words")


def test_a_start_that_hangs_or_babbles_is_told_in_words(spec: SessionSpec) -> None:
    assert "hangs at its start" in str(start_error(TimeoutError(), spec, "", busy=False))
    babble = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")
    assert "could not read" in str(start_error(babble, spec, "", busy=False))
    left = start_error(ProcessError("x", exit_code=3), spec, "rain", busy=False)
    assert str(left) == "Claude Code did not start (exit code 3). rain"


def test_another_program_may_be_named(spec: SessionSpec, tmp_path: Path) -> None:
    chosen = replace(spec, options={"program": tmp_path / "claude"})
    with pytest.raises(AgentMissing, match="mend agent"):
        prepare(chosen)
    (tmp_path / "claude").touch()
    assert not prepare(chosen)
    stderr = deque[str]()
    env = chosen_for(chosen, stderr=stderr).env
    assert json.loads(env[DESCRIPTION])["program"] == str(tmp_path / "claude")


def test_little_is_kept_of_a_long_line_on_stderr(spec: SessionSpec) -> None:
    stderr = deque[str]()
    chosen = chosen_for(spec, stderr=stderr)
    assert chosen.stderr is not None
    chosen.stderr("x" * 1_000_000)
    assert [len(line) for line in stderr] == [2000]


def test_obedience_is_judged_by_the_process_s_own_account(tmp_path: Path) -> None:
    init = {"cwd": "/w", "memory_paths": {"auto": "/m/"}, "tools": ["Bash"]}
    assert disobedience(init, workdir=Path("/w"), memory_dir=Path("/m")) is None
    assert disobedience(init, workdir=None, memory_dir=Path("/m")) is None
    assert "/w" in (disobedience(init, workdir=Path("/v"), memory_dir=Path("/m")) or "")
    assert "no directory" in (disobedience({}, workdir=None, memory_dir=Path("/m")) or "")
    armed = init | {"tools": ["ListAgents"]}
    assert disobedience(armed, workdir=None, memory_dir=Path("/m")) is not None


def test_the_terminal_line_is_quoted(spec: SessionSpec) -> None:
    odd = replace(spec, workdir=Path("/rooms/it's here"), home=Path("/homes/a b"))
    assert ADAPTER.terminal_command(odd) == (
        f"cd '/rooms/it'\"'\"'s here' && CLAUDE_CONFIG_DIR='/homes/a b/claude' claude --resume {SESSION_ID}"
    )
