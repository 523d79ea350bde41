"""How long something took, or how long ago it was, for people. Pure."""

from datetime import datetime


def elapsed(seconds: float) -> str:
    """Return a duration for people, in its two largest units: `4 s`, `2 min 5 s`, `1 h`."""
    whole = max(0, int(seconds))
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((at for at, (count, _) in enumerate(parts) if count), 2)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def ago(moment: datetime) -> str:
    """Return a moment so that each reader's client says how far off it is: `3 minutes ago`, `in 2 hours`."""
    return f"<t:{moment.timestamp():.0f}:R>"
