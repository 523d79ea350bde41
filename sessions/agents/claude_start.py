"""How Claude Code is started: what must be true before, its options, and whether it obeyed them."""

import json
import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import claude_agent_sdk
from claude_agent_sdk import (
    CanUseTool,
    ClaudeAgentOptions,
    CLIJSONDecodeError,
    CLINotFoundError,
    EffortLevel,
    HookCallback,
    HookMatcher,
    PermissionMode,
    ProcessError,
    ResultError,
    SettingSource,
)

from sessions.agents.base import SessionSpec
from sessions.agents.claude_fields import Json, as_list, as_map
from sessions.agents.claude_hub import ALLOWED, hub_servers
from sessions.agents.claude_sandbox import sandbox_settings
from sessions.agents.claude_transcript import config_dir, find_transcript, holds_conversation, set_aside
from sessions.box import BOXES
from sessions.box.launcher import DESCRIPTION, EXIT_BUSY, EXIT_LINKED, EXIT_MISSING
from sessions.box.spec import BoxSpec
from sessions.errors import AgentError, AgentMissing, SessionBusy, SessionNotFound

VENDOR: Final = "claude"
PROGRAM: Final = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
"""The CLI that comes with the SDK. The two are released together, so it is the default."""

# They reach other sessions of the same user without asking anybody.
_CROSS_SESSION_TOOLS: Final = frozenset({"ListAgents", "SendMessage"})
_FORBIDDEN_TOOLS: Final = (
    *sorted(_CROSS_SESSION_TOOLS),
    # Turns that nobody asked for, and a working directory that moves.
    *("CronCreate", "CronDelete", "CronList", "ScheduleWakeup", "EnterWorktree", "ExitWorktree"),
)
# The aliases that the CLI's own list has; each stands for the newest of its kind.
MODELS: Final = ("default", "best", "opus", "sonnet", "haiku", "opusplan", "opus[1m]", "sonnet[1m]")
LINE_LIMIT_BYTES: Final = 32 * 1024 * 1024
"""How long one message of Claude Code may be: a picture that a tool returns is one of megabytes."""

_STDERR_CHARS: Final = 2000
_DEFAULT_ENV: Final[Mapping[str, str]] = {
    "CLAUDE_CODE_MAX_RETRIES": "3",
    "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
    # Without it the newest models get no task list (2.1.327).
    "CLAUDE_CODE_ENABLE_TODO_TOOLS": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}


def prepare(spec: SessionSpec) -> bool:
    """Check what the start relies on and make the configuration directory; blocks.

    Returns whether there is a conversation to continue.

    Raises:
        SessionNotFound, AgentMissing, AgentError: as they say; nothing was started.
    """
    if not _program(spec).is_file():
        raise AgentMissing(_missing(spec), vendor=VENDOR)
    if not spec.launcher.is_file():
        raise AgentMissing(
            f"The program that starts agents is gone: {spec.launcher}. Restart Roomkey.",
            vendor=VENDOR,
        )
    if not spec.workdir.is_dir():
        raise AgentError(
            f"This room's working directory is gone: {spec.workdir}. Make it again, then say this again.",
            vendor=VENDOR,
        )
    # Inside a box of its own processes nobody is root, whoever started it.
    is_root = os.geteuid() == 0 and spec.isolation in ("landlock", "none")
    if spec.permission_mode == "bypassPermissions" and is_root and "IS_SANDBOX" not in spec.env:
        raise AgentError(
            "Claude Code refuses the permission mode bypassPermissions for root. Run Roomkey as its own"
            " user, or choose another permission mode.",
            vendor=VENDOR,
        )
    config = config_dir(spec.home)
    try:
        config.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:  # the agent itself may have put something else there
        raise AgentError(
            f"Claude's directory of this room, {config}, cannot be made: {error.strerror}. Remove what is in"
            " its place, then say this again.",
            vendor=VENDOR,
        ) from error
    transcript = find_transcript(config, spec.agent_session_id)
    if transcript is not None and holds_conversation(transcript):
        return True
    if spec.expect_history:
        raise SessionNotFound(
            f"Claude's record of this room's conversation ({spec.agent_session_id}) is gone.", vendor=VENDOR
        )
    if transcript is not None:
        # A start that was killed left it; while it is there, the id counts as used and as unknown.
        try:
            set_aside(transcript)
        except OSError as error:
            raise AgentError(
                f"What a start of Claude's left behind, {transcript}, cannot be moved out of the way:"
                f" {error.strerror}. Remove it, then say this again.",
                vendor=VENDOR,
            ) from error
    return False


def launch(spec: SessionSpec) -> str:
    """Return what the launcher is told: the program, its environment and its box. Blocks."""
    env = {**_DEFAULT_ENV, **spec.env, "CLAUDE_CONFIG_DIR": str(config_dir(spec.home))}
    return BOXES[spec.isolation].describe(
        BoxSpec(
            program=_program(spec),
            workdir=spec.workdir,
            memory_dir=spec.memory_dir,
            home=spec.home,
            lock=spec.lock,
            env=env,
            mounts=spec.mounts,
            limits=spec.limits,
            egress=None if spec.way_out is None else spec.way_out.socket,
        )
    )


def options(
    spec: SessionSpec,
    *,
    resume: bool,
    launched: str,
    can_use_tool: CanUseTool,
    before_tool: HookCallback,
    stderr: deque[str],
) -> ClaudeAgentOptions:
    """Return the SDK's options for this session; each is there because its default does harm.

    `launched` is what `launch` returns.
    """
    denied = [f"{tool}(/{root}/**)" for root in spec.denied_roots for tool in ("Read", "Edit")]
    settings: dict[str, object] = {
        "autoMemoryDirectory": str(spec.memory_dir),
        "crossSessionInbound": "refuse",
        "permissions": {
            "deny": [*_FORBIDDEN_TOOLS, *denied],
            # Here, for the option `allowed_tools` comes with a warning of the SDK that nothing can act on.
            "allow": [ALLOWED] if spec.tools else [],
        },
    }
    if spec.way_out is not None:
        settings["sandbox"] = sandbox_settings(spec.env, spec.way_out.hosts, is_root=os.geteuid() == 0)
    return ClaudeAgentOptions(
        cwd=spec.workdir,
        model=spec.model,
        effort=cast("EffortLevel | None", spec.effort),
        # A preset always: None would be an empty system prompt.
        system_prompt={"type": "preset", "preset": "claude_code", "append": spec.instructions},
        session_id=None if resume else spec.agent_session_id,
        resume=spec.agent_session_id if resume else None,
        settings=json.dumps(settings),
        setting_sources=cast("list[SettingSource]", spec.options.get("setting_sources", ["project"])),
        # On, it would replay the first turn's memory directory and instructions for ever.
        extra_args={"system-prompt-snapshot": "off"},
        disallowed_tools=list(_FORBIDDEN_TOOLS),
        mcp_servers=hub_servers(spec.tools),
        can_use_tool=can_use_tool,
        hooks={"PreToolUse": [HookMatcher(hooks=[before_tool])]},
        permission_mode=cast("PermissionMode", spec.permission_mode),
        include_partial_messages=True,
        strict_mcp_config=True,
        max_buffer_size=LINE_LIMIT_BYTES,
        stderr=lambda line: stderr.append(line[:_STDERR_CHARS]),
        cli_path=spec.launcher,
        # The SDK adds this to our own environment; the launcher passes on what it describes alone.
        env={DESCRIPTION: launched},
    )


def _program(spec: SessionSpec) -> Path:
    return Path(str(spec.options.get("program", PROGRAM)))


def _missing(spec: SessionSpec) -> str:
    if "program" in spec.options:
        return f"There is no program {_program(spec)}. The owner of this bot must mend agent.program."
    return (
        "Claude Code is not installed: the claude-agent-sdk package of this platform lacks it."
        " The owner of this bot can name one with the setting agent.program."
    )


def start_error(error: Exception, spec: SessionSpec, stderr_tail: str, *, busy: bool) -> AgentError:
    """Return why a start failed. `busy` says that some process holds the session's lock."""
    code = error.exit_code if isinstance(error, ProcessError) else None
    how = "" if code is None else f" (exit code {code})"
    said = stderr_tail or ("" if code is not None else str(error))
    kind, text, retryable = AgentError, f"Claude Code did not start{how}. {said}", False
    # A launcher that ended before the SDK wrote to it leaves no exit code behind.
    if code == EXIT_BUSY or (code is None and busy):
        text = "Another process works on this room's session. Wait for it to end, or end it."
        kind, retryable = SessionBusy, True
    elif code == EXIT_LINKED:
        text = f"A directory of this room has become a link, so I did not start. {stderr_tail} Put it back."
    elif code == EXIT_MISSING or isinstance(error, CLINotFoundError):
        kind = AgentMissing
    elif isinstance(error, ResultError):  # before any prompt, only a resume can have a result
        text = f"Claude does not find the conversation {spec.agent_session_id} any more."
        kind = SessionNotFound
    elif isinstance(error, TimeoutError):
        text, retryable = "Claude Code hangs at its start. Say it again to try once more.", True
    elif isinstance(error, CLIJSONDecodeError | UnicodeError):
        text = "Claude's program sent something that I could not read, so I ended it at its start."
    return kind(text.strip(), vendor=VENDOR, exit_code=code, stderr_tail=stderr_tail, retryable=retryable)


def disobedience(init: Json, *, workdir: Path | None, memory_dir: Path) -> str | None:
    """Return what is wrong with a process by its own account, as a sentence; None if all is well.

    `workdir` None leaves the directory unchecked.
    """
    used = str(as_map(init.get("memory_paths")).get("auto", ""))
    if used.rstrip("/") != str(memory_dir):
        return f"Claude keeps its memory in {used or 'no directory'} instead of {memory_dir}."
    if workdir is not None and init.get("cwd") != str(workdir):
        return f"Claude works in {init.get('cwd')} instead of {workdir}."
    if _CROSS_SESSION_TOOLS & {str(tool) for tool in as_list(init.get("tools"))}:
        return "Claude has tools that reach other rooms, although they are forbidden."
    return None
