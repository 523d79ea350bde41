"""The probe of a strict box's network finds what does not hold."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.box import BOXES
from sessions.box.network_probe import network_breaches
from sessions.box.probe import probe
from sessions.box.spec import BoxSpec
from sessions.box.strict import StrictBox
from sessions.errors import BoxBroken
from tests.support.boxes import need, room

pytestmark = [pytest.mark.blocking, pytest.mark.timeout(120)]


def found(tmp_path: Path, describe: Callable[[BoxSpec], str] | None = None) -> list[str]:
    box = BOXES["strict"]
    spec = room(tmp_path)
    box.write_launcher(tmp_path / "launcher")
    return network_breaches(spec, tmp_path / "launcher", describe or box.describe)


def test_a_strict_box_holds(tmp_path: Path) -> None:
    need("strict")
    assert found(tmp_path) == []


def test_a_box_in_the_hosts_network_is_found_out(tmp_path: Path) -> None:
    need("strict")
    assert found(tmp_path, BOXES["bwrap"].describe) == [
        "services of this machine's loopback are reached",
        "the egress proxy is not reached",
    ]


def test_a_way_out_that_leads_nowhere_is_found_out(tmp_path: Path) -> None:
    need("strict")
    assert found(tmp_path, lambda spec: BOXES["strict"].describe(replace(spec, egress=None))) == [
        "the egress proxy is not reached"
    ]


def test_the_probe_at_the_start_looks_at_the_network_too(tmp_path: Path) -> None:
    need("strict")

    class Leaky(StrictBox):
        """Promises a network of its own, and has the host's."""

        def describe(self, spec: BoxSpec) -> str:
            return BOXES["bwrap"].describe(spec)

    with pytest.raises(BoxBroken, match=r"net namespace is the host's.*loopback are reached"):
        probe(Leaky(), tmp_path / "probe")
