"""How an agent is kept from other rooms: what a box must offer (`Box`) and which exist (`BOXES`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from sessions.box.none import NoBox
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


_KINDS: Final[tuple[Box, ...]] = (NoBox(),)

BOXES: Final[Mapping[Isolation, Box]] = {box.level: box for box in _KINDS}
"""Written by hand: one entry in `_KINDS` for each kind."""
