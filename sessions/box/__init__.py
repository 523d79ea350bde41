"""How an agent is kept from other rooms: what a box must offer (`Box`) and which exist (`BOXES`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from sessions.box.bwrap import BwrapBox
from sessions.box.findings import Expected
from sessions.box.landlock import LandlockBox
from sessions.box.none import NoBox
from sessions.box.spec import BoxSpec
from sessions.box.strict import StrictBox
from sessions.settings import Isolation


class Box(Protocol):
    """One kind of isolation. Stateless."""

    @property
    def level(self) -> Isolation:
        """The name used in settings and shown to people."""
        ...

    def write_launcher(self, path: Path) -> None:
        """Write the program that starts an agent inside this box, for `SessionSpec.launcher`.

        Replaces an older one at once, never in part. Blocks: call it in a thread.
        """
        ...

    def describe(self, spec: BoxSpec) -> str:
        """Return what the launcher is told of one agent, for the variable `launcher.DESCRIPTION`.

        Holds the agent's environment, so its secrets too. Blocks: call it in a thread.
        """
        ...

    def expected(self, spec: BoxSpec) -> Expected:
        """Return what this box promises, for the probe. Blocks."""
        ...

    def lacks(self) -> str | None:
        """Return what this machine lacks for such a box, and the command that gets it; None if nothing.

        None is no promise that a box can be made: that is what `probe` tries. Blocks.
        """
        ...


_KINDS: Final[tuple[Box, ...]] = (StrictBox(), BwrapBox(), LandlockBox(), NoBox())

BOXES: Final[Mapping[Isolation, Box]] = {box.level: box for box in _KINDS}
"""Written by hand: one entry in `_KINDS` for each kind."""
