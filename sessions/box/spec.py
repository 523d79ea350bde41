"""What a box is made for: one agent's program, directories and limits (`BoxSpec`). Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sessions.box.mounts import Mount
from sessions.settings import BoxSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSpec:
    """One agent process. `env` is its whole environment, as it would be without a box.

    `workdir`, `memory_dir` and `home` are the agent's own and have the same paths inside; so have
    the `mounts`. `program` is only read. `lock` is held while the agent lives. `egress` is the socket
    of its egress proxy; only `strict` has one.
    """

    program: Path
    workdir: Path
    memory_dir: Path
    home: Path
    lock: Path
    env: Mapping[str, str]
    mounts: tuple[Mount, ...] = ()
    limits: BoxSettings = field(default_factory=BoxSettings)
    egress: Path | None = None
