"""What it means that an agent's program has ended in the middle of a turn, in a sentence. Pure."""

import signal

from sessions.events import Exited, Problem

_SAID_CHARS = 300


def meaning(end: Exited) -> tuple[Problem, str]:
    """Return the problem and what people are told: what happened and what to do next."""
    said = _last_line(end.stderr_tail)
    number = _signal_number(end.exit_code)
    if end.cause:
        return "gone", f"{end.cause} Say it again to try with a new one."
    if number == signal.SIGKILL:
        return "gone", (
            "The agent's program was killed in the middle of this, as happens when memory runs out."
            f" Say it again to try once more.{said}"
        )
    if number == signal.SIGTERM:
        return "gone", f"The agent's program was told from outside to end. Say it again to go on.{said}"
    if number is not None:
        return "gone", (
            f"The agent's program crashed in the middle of this ({_signal_name(number)})."
            f" Say it again to try once more.{said}"
        )
    if not end.exit_code:
        return "no_result", (
            "The agent's program ended without finishing its answer, and gave no error."
            f" Say it again, or “continue” to go on.{said}"
        )
    return "gone", (
        f"The agent's program ended with an error in the middle of this (exit code {end.exit_code})."
        f" Say it again to try once more.{said}"
    )


def _last_line(stderr_tail: str) -> str:
    lines = stderr_tail.strip().splitlines()
    return f" Its last words: {lines[-1].strip()[:_SAID_CHARS]}" if lines else ""


def _signal_number(code: int | None) -> int | None:
    """Return the signal that ended it; a shell in between reports 128 and the number."""
    if code is None:
        return None
    if code < 0:
        return -code
    return code - 128 if code - 128 in set(signal.Signals) else None


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
