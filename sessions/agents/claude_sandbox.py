"""Claude Code's own sandbox around each command it runs, as a second fence inside a box. Pure."""

from collections.abc import Iterable, Mapping

from sessions.credentials import is_credential


def sandbox_settings(env: Iterable[str], hosts: Iterable[str], *, is_root: bool) -> Mapping[str, object]:
    """Return the section `sandbox` of Claude's settings.

    Commands may write in the workdir alone, reach `hosts` alone and not the model, and do not see
    those variables of `env` that are credentials. Without the sandbox there is no command: nothing
    that the model or a repository says takes it away.
    """
    hidden = [{"name": name, "mode": "deny"} for name in sorted(env) if is_credential(name)]
    return {
        "enabled": True,
        "failIfUnavailable": True,
        "allowUnsandboxedCommands": False,
        # As root the box shows a /proc with covers on it, and the kernel lets nobody make a second one
        # below it. Commands then see the box's processes, but not into them: each has namespaces of its own.
        **({"enableWeakerNestedSandbox": True} if is_root else {}),
        "network": {"allowedDomains": [*hosts], "strictAllowlist": True},
        **({"credentials": {"envVars": hidden}} if hidden else {}),
    }
