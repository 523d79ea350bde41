"""`make fuzz`: coverage-guided fuzzing of what reads foreign bytes, with a fixed budget and a table.

    python -m tests.fuzz                            1,020,000 inputs over all targets
    python -m tests.fuzz --inputs 6000              fewer
    python -m tests.fuzz --target Markdown          one of them
    python -m tests.fuzz --target Markdown FILE     what a finding of it does, without a fuzzer

Needs atheris (Linux, x86-64). Each target runs in a process of its own: libFuzzer never comes back.
"""

import argparse
import importlib
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.seeds import seeds

SHARES = {
    "settings file": 0.05,
    "legacy files": 0.25,
    "Discord payload": 0.34,
    "agent lines": 0.20,
    "keys and paths": 0.10,
    "Markdown": 0.01,
    "egress request": 0.05,
}
"""How much of the budget a target gets: fewer inputs where each takes longer."""

TARGETS = tuple(SHARES)
INPUTS = 1_020_000
LONGEST_BYTES = 4096
LIMIT_S = 1.0
"""Of processor time for one input: a busy machine makes nothing slower than it is."""
HANG_S = 60
_INSTRUMENTED = ["bot", "sessions", "tests.fuzz"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one target."""

    target: str
    inputs: int
    took_s: float
    covered: int
    slowest_s: float
    finding: str = ""

    @property
    def row(self) -> str:
        """A line of the table."""
        per_s = self.inputs / self.took_s
        found = self.finding or "none"
        return (
            f"{self.target:16} {self.inputs:>9,} {per_s:>8,.0f} {self.covered:>8,}"
            f" {self.slowest_s * 1000:>8.0f} ms  {found}"
        )


def main(arguments: Sequence[str]) -> int:
    """Run what the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("file", type=Path, nargs="?")
    given = parser.parse_args(arguments)
    targets: Sequence[str] = given.target or TARGETS
    if given.file is not None:
        _target(targets[0])(given.file.read_bytes())
        return 0
    if given.inside is not None:
        return _inside(targets[0], given.inputs, given.seed, given.inside, given.findings)
    whole = sum(SHARES[target] for target in targets)
    _say(f"{'target':16} {'inputs':>9} {'per s':>8} {'covered':>8} {'slowest':>11}  findings")
    results: list[Result] = []
    for target in targets:
        inputs = math.ceil(given.inputs * SHARES[target] / whole)
        results.append(_run(target, inputs, given.seed, given.findings))
        _say(results[-1].row)
    total, findings = sum(one.inputs for one in results), [one for one in results if one.finding]
    _say(f"{total:,} inputs, {len(findings)} findings, {sum(one.took_s for one in results):.0f} s")
    return 1 if findings or total < given.inputs else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(target: str, inputs: int, seed: int, findings: Path) -> Result:
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus"
        corpus.mkdir()
        for number, content in enumerate(seeds(target)):
            (corpus / f"{number:04}").write_bytes(content)
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.fuzz", "--inside", place, "--target", target]
        command += ["--inputs", str(inputs), "--seed", str(seed), "--findings", str(findings)]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        took_s = time.monotonic() - began
        slowest = Path(place) / "slowest"
        slowest_s = float(slowest.read_text()) if slowest.exists() else 0.0
    words = ended.stderr
    done = re.findall(r"stat::number_of_executed_units: (\d+)", words)
    covered = re.findall(r"cov: (\d+)", words)
    finding = "" if ended.returncode == 0 and done else _finding(words, ended.returncode)
    return Result(
        target, int(done[-1]) if done else 0, took_s, int(covered[-1]) if covered else 0, slowest_s, finding
    )


def _finding(words: str, code: int) -> str:
    kept = re.findall(r"Test unit written to (\S+)", words)
    why = [
        line for line in words.splitlines() if re.match(r"\s*(\w+\.)*\w*(Error|Exception|Slow|Group)\b", line)
    ]
    if not why and not kept:
        return f"it ended with code {code}, with no finding: {words[-200:].strip()!r}"
    return f"{why[-1].strip()[:120] if why else 'stopped'} ({kept[-1] if kept else 'no file'})"


class Slow(Exception):
    """An input took longer than it may."""


def _inside(target: str, inputs: int, seed: int, place: Path, findings: Path) -> int:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=_INSTRUMENTED):
        act = _target(target)
    slowest_s = 0.0

    def once(raw: bytes) -> None:
        nonlocal slowest_s
        began = time.thread_time()
        act(raw)
        took_s = time.thread_time() - began
        if took_s > slowest_s:
            slowest_s = took_s
            (place / "slowest").write_text(str(took_s))
        if took_s > LIMIT_S:
            raise Slow(f"{took_s:.1f} s")

    findings.mkdir(exist_ok=True)
    options = {
        "runs": inputs,
        "seed": seed,
        "max_len": LONGEST_BYTES,
        "timeout": HANG_S,
        "rss_limit_mb": 4096,
        "print_final_stats": 1,
        "artifact_prefix": f"{findings}/{target.replace(' ', '-').lower()}-",
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(place / "corpus")], once
    )
    atheris.Fuzz()
    return 0


def _target(name: str) -> Callable[[bytes], None]:
    targets = importlib.import_module("tests.fuzz.targets")
    return targets.TARGETS[name]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
