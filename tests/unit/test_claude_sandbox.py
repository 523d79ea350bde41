"""Claude's own sandbox as it is switched on inside a strict box."""

from sessions.agents.claude_sandbox import sandbox_settings


def test_commands_run_in_it_or_not_at_all() -> None:
    chosen = sandbox_settings({}, [], is_root=False)
    assert (chosen["enabled"], chosen["failIfUnavailable"]) == (True, True)
    assert chosen["allowUnsandboxedCommands"] is False


def test_what_is_listed_is_open_and_nobody_is_asked_about_more() -> None:
    chosen = sandbox_settings({}, ["example.org", "*.example.org:8443"], is_root=False)
    assert chosen["network"] == {
        "allowedDomains": ["example.org", "*.example.org:8443"],
        "strictAllowlist": True,
    }


def test_credentials_are_hidden_and_nothing_else() -> None:
    env = ("PATH", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_BASE_URL")
    assert sandbox_settings(env, [], is_root=False)["credentials"] == {
        "envVars": [
            {"name": "ANTHROPIC_API_KEY", "mode": "deny"},
            {"name": "CLAUDE_CODE_OAUTH_TOKEN", "mode": "deny"},
        ]
    }
    assert "credentials" not in sandbox_settings(["PATH"], [], is_root=False)


def test_only_for_root_it_shares_the_boxs_proc() -> None:
    assert "enableWeakerNestedSandbox" not in sandbox_settings({}, [], is_root=False)
    assert sandbox_settings({}, [], is_root=True)["enableWeakerNestedSandbox"] is True
