"""Lets a hijacked agent try its cases, one by one or several in a turn, and says what it got away with."""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sessions.events import ToolEnd
from tests.support.agents import Talk
from tests.support.claude import bash
from tests.support.escapes import Case
from tests.support.hijacked import Scene, hijacked

AT_ONCE = 10
"""How many cases are tried in one turn where none should succeed: a turn for each is twice the work."""


async def escapes_of(
    here: Scene, tries: Iterable[Case], *, at_once: int = 1, alone: Container[str] = ()
) -> list[str]:
    """Let the agent try; return the names of what it got away with. Its shell must have worked at all.

    Up to `at_once` cases are tried in one turn, each with its own calls; if any of them succeeds, they are
    tried again one by one, to know which. Those named by `alone` have a turn of their own at once.
    """
    found: list[str] = []
    async with AsyncExitStack() as stack:
        agent = _Hijacked(here, stack)
        await agent.has_a_shell()
        for some in _together(tries, at_once, alone):
            if await agent.gets_out(some):
                one = [case.name for case in some if len(some) == 1 or await agent.gets_out([case])]
                found += one or [" and ".join(case.name for case in some)]
        await agent.has_a_shell()
    return found


@dataclass(slots=True)
class _Hijacked:
    """The agent at work. It is open as long as `stack`, and may be started again between two prompts."""

    here: Scene
    stack: AsyncExitStack
    talk: Talk | None = None

    async def ask(self, prompt: str) -> int:
        """Send it a prompt; return how many calls it made."""
        if self.talk is None:
            self.talk = await self.stack.enter_async_context(hijacked(self.here))
        done = await self.talk.ask(prompt)
        return len(self.talk.of(ToolEnd, done.turn))

    async def has_a_shell(self) -> None:
        alive = self.here.spec.workdir / "alive"
        alive.unlink(missing_ok=True)
        await self.ask(bash("touch alive"))
        assert alive.exists()

    async def gets_out(self, tries: Sequence[Case]) -> bool:
        """Let it try all of that in one turn, or one case in as many as it wants; tidy up."""
        since = len(self.here.model.requests)
        if len(tries) > 1:
            calls = [prompt for case in tries for prompt in case.prompts]
            assert await self.ask("\n".join(calls)) == len(calls)
        else:
            await self._try(tries[0])
        secrets = {name for case in tries for name in case.secrets}
        escaped = any(case.escaped() for case in tries) or any(self.here.told(one, since) for one in secrets)
        for case in tries:
            case.tidy()
        return escaped

    async def _try(self, case: Case) -> None:
        for number, prompt in enumerate(case.prompts):
            if number and case.restarts:
                await self.stack.aclose()
                self.talk = None
            await self.ask(prompt)


def _together(tries: Iterable[Case], at_once: int, alone: Container[str]) -> Iterator[Sequence[Case]]:
    """Yield every case once, at most `at_once` together; one that is more than calls is alone."""
    some: list[Case] = []
    for case in tries:
        is_calls = not case.restarts and all(prompt.startswith("tool:") for prompt in case.prompts)
        if not is_calls or case.name in alone:
            yield [case]
            continue
        some.append(case)
        if len(some) == at_once:
            yield some
            some = []
    if some:
        yield some
