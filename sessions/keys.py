"""Session keys and turn ids: what they may look like and which directory a key gets. Pure."""

import hashlib
import re
from typing import Final, NewType

from sessions.naming import sanitize_name

SessionKey = NewType("SessionKey", str)
"""Our name of a session. Only `session_key` and `foreign_key` make one."""

TurnId = NewType("TurnId", int)
"""A turn's place in the order of acceptance; unique within one store."""

_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_SAFE_FORM: Final = re.compile(r"-[0-9a-f]{8}\Z")


def session_key(raw: str) -> SessionKey:
    """Return `raw` as a key: `default`, a Discord id, or up to 64 of `A-Z a-z 0-9 _ -`.

    Raises:
        ValueError: `raw` has another shape. The text names it.
    """
    if not _SHAPE.fullmatch(raw):
        raise ValueError(f"not a session key: {raw[:80]!r} (1 to 64 of A-Z a-z 0-9 _ -)")
    return SessionKey(raw)


DEFAULT_KEY: Final = session_key("default")
"""The session that all listen channels share."""


def foreign_key(raw: str) -> SessionKey:
    """Return the key for a name from another program: itself if it has our shape, else a safe form.

    Total: any text gives a key, and different texts give different keys. So a name that looks like
    such a safe form gets one of its own.
    """
    if _SHAPE.fullmatch(raw) and not _SAFE_FORM.search(raw):
        return SessionKey(raw)
    return session_key(f"{sanitize_name(raw, 'key')}-{_sha256(raw)[:8]}")


def directory_name(key: SessionKey) -> str:
    """Return the name of the key's directory; injective also where file names ignore case.

    A key without capitals is its own name; else its lower case, a dot and 8 hex digits of its
    hash. No key holds a dot, so the two forms never meet.
    """
    lowered = key.lower()
    return key if lowered == key else f"{lowered}.{_sha256(key)[:8]}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
