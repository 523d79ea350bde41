"""Peer names made from foreign names, channels and directories. Pure."""

from typing import Final

_LIMIT_CHARS: Final = 32
_KEPT: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


def sanitize_name(raw: str, fallback: str = "wire-session") -> str:
    """Return `raw` as 1 to 32 of `a-z 0-9 _ -`; `fallback` if nothing of it is left.

    Total and idempotent. Only ASCII letters and digits survive; runs of anything else become one
    dash. Source: the naming rule shared with `wire`, see docs/glossary.md.
    """
    out: list[str] = []
    for char in raw:
        # Membership before lower-casing: `lower` maps some signs outside ASCII into it.
        kept = char.lower() if char in _KEPT else "-"
        if kept != "-" or (out and out[-1] != "-"):
            out.append(kept)
    name = "".join(out).strip("-")
    return name[:_LIMIT_CHARS].rstrip("-") or fallback
