"""The parts of the campaign: what a batch of each does to a bot under traffic."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from bot.demo.guild import Unseen
from sessions.crash_points import POINTS
from tests.campaign.bench import Bench, bench
from tests.campaign.oracle import is_live, judge
from tests.campaign.people import People
from tests.campaign.tally import Tally

KILLED: Final = -9
_POINT_S: Final = 10.0
_ONCE: Final = ("recover.before", "settle", "recover.after", "catch_up.before", "catch_up.after", "shutdown")
"""Points that one run of the bot passes once, or not more often for what is said."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One part's share of work: some cycles on one bench, then the verdict. The same seed repeats it."""

    part: str
    number: int
    cycles: int
    seed: str

    @property
    def name(self) -> str:
        """The part and the number, as the state file has them."""
        return f"{self.part}/{self.number}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a cycle works with."""

    bench: Bench
    people: People
    random: Random
    tally: Tally

    async def kill(self) -> None:
        """Kill the bot and count it."""
        await self.bench.kill()
        self.tally.kills += 1


async def run_batch(batch: Batch) -> Tally:
    """Run one batch. If anything was found its files stay, and the findings say where."""
    root = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="roomkey-campaign-"))
    tally, started = Tally(), time.monotonic()
    try:
        async with bench(root, real=batch.part == "real") as here:
            random = Random(f"{batch.seed}/{batch.name}")
            scene = Scene(here, People(here, random), random, tally)
            await _warm_up(scene)
            for at in range(batch.cycles):
                await _PARTS[batch.part](scene, batch.number * batch.cycles + at)
            await _settle(scene)
    finally:
        if tally.is_clean:
            await asyncio.to_thread(shutil.rmtree, root)
    tally.took_s = time.monotonic() - started
    if not tally.is_clean:
        tally.findings.append(f"{batch.name} of seed {batch.seed} has left its files in {root}")
    return tally


def planned_point(number: int) -> str:
    """Return where the cycle of this number dies: every point in turn, then each at its next passing."""
    rounds, at = divmod(number, len(POINTS))
    point = POINTS[at]
    return point if point in _ONCE or point.startswith("reset.") else f"{point}:{1 + rounds % 3}"


async def _warm_up(scene: Scene) -> None:
    """Let the bot hear once of every place: where it never took part it need not look for what was missed."""
    await scene.bench.start()
    await scene.bench.online()
    for place in await scene.people.settle():
        scene.tally.stuck += 1
        scene.tally.findings.append(f"stuck: {place.name or place.id} was silent before anything went wrong")
    await scene.kill()


async def _settle(scene: Scene) -> None:
    here, people = scene.bench, scene.people
    here.guild.faults.clear()
    if not here.is_running:
        await here.start()
    await here.online()
    silent = await people.settle()
    orphans = here.orphans()
    if code := await here.stop():
        scene.tally.stuck += 1
        scene.tally.findings.append(f"stuck: the bot ended with code {code} when told to stop")
    orphans += here.orphans()
    verdict = judge(
        people.said,
        people.standing(),
        clicks=people.clicks,
        runs=here.runs(),
        deleted=people.deleted,
        stuck_channels=[place.id for place in silent],
    )
    scene.tally.judged(verdict)
    scene.tally.recovery_s += here.recovery_s
    scene.tally.orphans += len(set(orphans))


async def _points(scene: Scene, number: int) -> None:
    """Die at one named point, on the leftovers of the cycle before."""
    here, people, point = scene.bench, scene.people, planned_point(number)
    name = point.partition(":")[0]
    if name == "settle":
        await _die_in_a_turn(scene)
    await people.speak()  # while nobody listens
    await here.start(crash_at=point)
    if await here.online():
        for kind in scene.random.sample(("slow", "tool", "quick", "long"), 4):
            await people.speak(kind)
        if name.startswith("reset."):
            await _reset(scene)
        elif name == "shutdown" and here.is_running:
            await here.stop()
    if await here.ended(_POINT_S) and here.exit_code == KILLED:
        scene.tally.points[name] += 1
    else:
        scene.tally.missed[name] += 1
    await scene.kill()


async def _die_in_a_turn(scene: Scene) -> None:
    """Leave a turn behind that runs and shows itself, so that something has to be decided about it."""
    await scene.bench.start()
    await scene.bench.online()
    said = await scene.people.speak("slow")
    place = scene.bench.guild.place(said.message.channel_id)
    with suppress(Unseen):
        await place.next_from_bot(after=said.message, matching=is_live, timeout=_POINT_S)
    await scene.kill()


async def _random(scene: Scene, _number: int) -> None:
    """Die at any moment, with trouble on both wires."""
    here, people, random = scene.bench, scene.people, scene.random
    await people.speak()
    await here.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(people.speak_often(random.randrange(3, 9), over_s=3.5))
        await here.online()
        _trouble(scene)
        await asyncio.sleep(random.uniform(0, 4.0))
        await scene.kill()


async def _stop(scene: Scene, _number: int) -> None:
    """Be told to stop at any moment; every other time be killed while it drains."""
    here, people, random = scene.bench, scene.people, scene.random
    await people.speak()
    await here.start()
    await here.online()
    await people.speak_often(random.randrange(2, 6), over_s=random.uniform(0.05, 3.5))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(people.speak_often(2, over_s=0.3))
        if random.random() < 0.5:
            here.terminate()
            await here.ended(random.uniform(0, 0.8))
            await scene.kill()
        else:
            scene.tally.stops += 1
            if code := await here.stop():
                scene.tally.stuck += 1
                scene.tally.findings.append(f"stuck: the bot ended with code {code} when told to stop")


async def _freeze(scene: Scene, _number: int) -> None:
    """Be held past some heartbeats, while the connection is kept, cut, or given up."""
    here, people, random = scene.bench, scene.people, scene.random
    await people.speak()
    await here.start()
    await here.online()
    await people.speak_often(random.randrange(1, 5), over_s=random.uniform(0.05, 3.5))
    here.freeze(frozen=True)
    scene.tally.freezes += 1
    await people.speak_often(random.randrange(1, 4), over_s=random.uniform(0.6, 2.5))
    match random.randrange(3):
        case 0:
            await here.guild.gateway.drop()
        case 1:
            await here.guild.gateway.invalidate()
        case _:
            pass
    here.freeze(frozen=False)
    await people.speak_often(random.randrange(1, 3), over_s=0.2)
    await asyncio.sleep(random.uniform(0, 1.5))
    await scene.kill()


async def _gap(scene: Scene, number: int) -> None:
    """Lose the gateway, with events lost, doubled or replayed; every fifth time be killed in the middle."""
    here, people, random, gateway = scene.bench, scene.people, scene.random, scene.bench.guild.gateway
    if not here.is_running:
        await people.speak()
        await here.start()
        await here.online()
        await asyncio.sleep(random.uniform(0, 3.0))
    scene.tally.gaps += 1
    await people.speak_often(random.randrange(1, 4), over_s=0.2)
    match random.randrange(5):
        case 0:
            await gateway.drop()
        case 1:
            await gateway.reconnect()
        case 2:
            await gateway.close(4000)
        case 3:
            await gateway.invalidate()
        case _:  # a session that hears nothing any more, until it is told so
            here.guild.faults.event("MESSAGE_CREATE", times=1000, copies=0)
            await people.speak_often(2, over_s=0.1)
            await gateway.invalidate()
            here.guild.faults.clear()
    await people.speak_often(random.randrange(1, 5), over_s=random.uniform(0.05, 0.6))
    if number % 5 == 4:
        await scene.kill()
        return
    await here.online()
    here.guild.faults.event("MESSAGE_CREATE", times=2, copies=2)
    await people.speak_often(2, over_s=0.1)


def _trouble(scene: Scene) -> None:
    faults, chance = scene.bench.guild.faults, scene.random.random()
    if chance < 0.2:
        faults.event("MESSAGE_CREATE", times=2, copies=2)
    elif chance < 0.35:
        faults.rest("POST", r"/messages$", status=503)
    elif chance < 0.5:
        faults.rest("POST", r"/messages$", stored=True, abort=True)
    elif chance < 0.6:
        faults.rest("POST", r"/messages$", status=429, retry_after_s=0.1, via=True)


async def _reset(scene: Scene) -> None:
    place = scene.random.choice(scene.bench.places())
    person = scene.people.somebody_in(place)
    try:
        await person.runs("/reset", place, timeout=_POINT_S)
    except Unseen:
        return  # the bot has died of it, which is the point


Cycle = Callable[[Scene, int], Awaitable[None]]
_PARTS: Final[Mapping[str, Cycle]] = {
    "points": _points,
    "random": _random,
    "stop": _stop,
    "cont": _freeze,
    "gap": _gap,
    "real": _random,
}
PARTS: Final = tuple(_PARTS)
"""The names of all parts, in the order in which they run."""
