"""How long something took, for people. Pure."""


def elapsed(seconds: float) -> str:
    """Return a duration for people, in its two largest units: `4 s`, `2 min 5 s`, `1 h`."""
    whole = max(0, int(seconds))
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((at for at, (count, _) in enumerate(parts) if count), 2)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"
