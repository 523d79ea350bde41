"""No isolation: the agent starts with its own environment and lock, but sees what its user sees."""

import shlex
import sys
from pathlib import Path

from sessions.box import launcher
from sessions.box.findings import Expected
from sessions.box.spec import BoxSpec
from sessions.settings import Isolation


class NoBox:
    """An agent runs as the bot's own user, with nothing between it and other rooms' files."""

    level: Isolation = "none"

    def write_launcher(self, path: Path) -> None:
        """Write the program that starts an agent; only its owner may run it."""
        write_launcher(path)

    def describe(self, spec: BoxSpec) -> str:
        """Return what the launcher is told, for the variable `launcher.DESCRIPTION`."""
        return launcher.describe(str(spec.program), dict(spec.env), str(spec.lock))

    def expected(self, spec: BoxSpec) -> Expected:
        """Return what the probe must find: the environment alone."""
        return Expected(env=spec.env)

    def lacks(self) -> None:
        """Return None: it needs nothing."""
        return


def write_launcher(path: Path) -> None:
    """Write the program that starts an agent, whatever its box; only its owner may run it. Blocks."""
    # -I -S: no site packages, no PYTHON* variables; it starts in a third of the time.
    command = shlex.join([sys.executable, "-I", "-S", str(Path(launcher.__file__).resolve())])
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    fresh.chmod(0o700)
    fresh.replace(path)
