"""Becomes a shell in a box, as another user.

    python -m tests.support.launch_as UID LEVEL ROOM LIMITS SCRIPT

All is imported before the user is changed: this interpreter may lie where that user cannot look.
"""

import ctypes
import os
import resource  # noqa: F401 -- the launcher imports it late
import sys
from pathlib import Path

from sessions.box import BOXES, launcher
from sessions.settings import BoxSettings
from tests.support.boxes import room

_DUMPABLE = 4


def main(uid: str, level: str, root: str, limits: str, script: str) -> int:
    spec = room(Path(root), limits=BoxSettings.model_validate_json(limits))
    os.chdir(spec.workdir)
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))
    # That hid this process from its own user until the next program; a launcher is never so.
    ctypes.CDLL(None).prctl(_DUMPABLE, 1, 0, 0, 0)
    box = next(box for name, box in BOXES.items() if name == level)
    os.environ["PWD"] = str(spec.workdir)
    os.environ[launcher.DESCRIPTION] = box.describe(spec)
    sys.argv = ["launcher", "-c", script]
    return launcher.main()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
