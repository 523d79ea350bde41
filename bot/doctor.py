"""What `roomkey doctor` does: every check at once, each within its limit; what is safe to mend is mended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.doctor_scene import Scene

State = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: one sentence, what mends it, and single cases where there are several."""

    state: State
    text: str
    remedy: str = ""
    details: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to mend."""
        return self.state in ("ok", "skipped")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at. `mend` changes what is safe to change, and says what it did."""

    name: str
    look: Callable[[Scene], Awaitable[Finding]]
    mend: Callable[[Scene], Awaitable[Sequence[str]]] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A check, what it found in the end, and what was mended for that."""

    name: str
    finding: Finding
    mended: tuple[str, ...] = ()


async def examine(scene: Scene, checks: Sequence[Check], limit_s: float) -> Sequence[Result]:
    """Run all checks side by side, each for at most `limit_s`, and return what they found, in their order."""
    async with asyncio.TaskGroup() as tasks:
        looks = [tasks.create_task(_look(check, scene, limit_s), name=check.name) for check in checks]
    return [Result(check.name, look.result()) for check, look in zip(checks, looks, strict=True)]


async def mend(
    scene: Scene, checks: Sequence[Check], results: Sequence[Result]
) -> Mapping[str, Sequence[str]]:
    """Mend what is wrong and safe to mend; return what was done, by the name of the check."""
    wrong = {result.name for result in results if not result.finding.is_fine}
    done: dict[str, Sequence[str]] = {}
    for check in checks:
        if check.mend is not None and check.name in wrong:
            try:
                done[check.name] = await check.mend(scene)
            except OSError as error:
                done[check.name] = [f"nothing: {error.filename or ''} {error.strerror or error}"]
    return done


def failed(results: Sequence[Result]) -> bool:
    """Whether something keeps Roomkey from working as it should."""
    return any(result.finding.state == "fail" for result in results)


async def _look(check: Check, scene: Scene, limit_s: float) -> Finding:
    try:
        async with asyncio.timeout(limit_s):
            return await check.look(scene)
    except TimeoutError:
        return Finding(
            "fail", f"There was no answer within {limit_s:.1f} s.", "Try `roomkey doctor --limit 20`."
        )
    except Exception as error:  # noqa: BLE001 -- one check's bug must not hide what the others found
        text = f"This check broke: {type(error).__name__}: {error}"
        return Finding("fail", text, "Tell the authors of Roomkey, with this line.")
