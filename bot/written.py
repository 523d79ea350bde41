"""Files that a command writes for a person: whole or not at all, and for nobody else to read."""

import os
import secrets
from pathlib import Path


def write_private(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Put a file in its place, or another into the place of the old one. Blocks. Raises OSError.

    Its directory is made if missing, for nobody else. Whenever somebody looks, the old or the new one is
    there, whole and with its mode.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as out:
            out.write(text)
            os.fchmod(out.fileno(), mode)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
