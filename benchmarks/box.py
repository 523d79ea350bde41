"""What a box costs: `/bin/true` through the launcher in each kind of box, beside the same without one.

The kinds take turns, so that what else the machine does hits all of them. A kind that this machine cannot
make is left out.
"""

import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figures import Figure, median
from sessions.box import BOXES
from sessions.box.launcher import DESCRIPTION
from sessions.box.probe import probe
from sessions.box.spec import BoxSpec
from sessions.errors import BoxBroken
from sessions.settings import Isolation

ROUNDS = 60
WARM = 5
BOUND_MS = 10.0
# A strict box starts one more interpreter inside, and nothing bounds that.
MEASURED: Mapping[str, float | None] = {"bwrap": BOUND_MS, "landlock": BOUND_MS, "strict": None}


def run() -> list[Figure]:
    """Measure for about ten seconds. Blocks; call it in the main thread."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        levels = [level for level in BOXES if level in MEASURED and _works(level, root / "probe")]
        starts = {level: _start(root / level, level) for level in (*levels, "none")}
        samples_s: dict[str, list[float]] = {level: [] for level in starts}
        for number in range(ROUNDS + WARM):
            for level, (launcher, environment) in starts.items():
                took_s = _time(launcher, environment)
                if number >= WARM:
                    samples_s[level].append(took_s)
    bare = samples_s.pop("none")
    figures: list[Figure] = []
    for level, boxed in samples_s.items():
        figures.append(
            Figure(
                name=f"box: start in {level}, p50",
                value=median(boxed) * 1e3,
                unit="ms",
                floor=median(bare) * 1e3,
            )
        )
        cost_ms = median([within - without for within, without in zip(boxed, bare, strict=True)]) * 1e3
        bound = MEASURED[level]
        figures.append(
            Figure(name=f"box: what {level} adds to a start, p50", value=cost_ms, unit="ms", bound=bound)
        )
    return figures


def _works(level: Isolation, scratch: Path) -> bool:
    try:
        probe(BOXES[level], scratch)
    except BoxBroken as error:
        print(error)
        return False
    return True


def _start(root: Path, level: str) -> tuple[Path, Mapping[str, str]]:
    box = next(box for box in BOXES.values() if box.level == level)
    work, memory, home = (root / name for name in ("work", "memory", "home"))
    for place in (work, memory, home):
        place.mkdir(parents=True)
    launcher = root / "launcher"
    box.write_launcher(launcher)
    spec = BoxSpec(
        program=Path("/bin/true"),
        workdir=work,
        memory_dir=memory,
        home=home,
        lock=root / "lock",
        env={"PATH": "/usr/bin:/bin"},
    )
    return launcher, {DESCRIPTION: box.describe(spec)}


def _time(launcher: Path, environment: Mapping[str, str]) -> float:
    start_s = time.perf_counter()
    subprocess.run([launcher], env=environment, stdin=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start_s
