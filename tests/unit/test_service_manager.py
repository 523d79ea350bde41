"""Who started us, what it is told, and how long it waits for our end."""

import os
from pathlib import Path

import pytest

from bot.service_manager import ServiceManager, span_s, stop_timeout_s, unit_of
from sessions.redaction import Redactor
from tests.support.notify_socket import notify_socket


async def test_it_is_told_through_a_socket_in_the_file_system(tmp_path: Path) -> None:
    async with notify_socket(tmp_path) as manager:
        ServiceManager(manager.address).tell("READY=1", "STATUS=well")
        await manager.hears("STATUS=well")
        assert manager.said("READY=1")


async def test_it_is_told_through_an_abstract_socket() -> None:
    async with notify_socket() as manager:
        assert manager.address.startswith("@")
        ServiceManager(manager.address).tell("READY=1")
        await manager.hears("READY=1")


async def test_no_text_can_forge_an_assignment(tmp_path: Path) -> None:
    async with notify_socket(tmp_path) as manager:
        ServiceManager(manager.address).tell("STATUS=trouble\nREADY=1")
        await manager.hears("STATUS=trouble READY=1")
        assert not manager.said("READY=1")


def test_a_manager_that_does_not_listen_is_survived(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "nobody")).tell("READY=1")


def test_without_a_manager_nothing_happens() -> None:
    nobody = ServiceManager.of({})
    nobody.tell("READY=1")
    assert not nobody.listens


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative/path"])
def test_an_address_of_another_kind_counts_as_none(address: str) -> None:
    assert not ServiceManager.of({"NOTIFY_SOCKET": address}).listens


@pytest.mark.parametrize(
    ("variables", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_signs_of_life_are_wanted_only_from_the_process_that_is_meant(
    variables: dict[str, str], watchdog_s: float | None
) -> None:
    assert ServiceManager.of({"NOTIFY_SOCKET": "/run/notify", **variables}).watchdog_s == watchdog_s


@pytest.mark.parametrize("socket", ["", "/run/notify"])
def test_the_journals_stream_is_known_with_and_without_a_manager(socket: str) -> None:
    told = ServiceManager.of({"JOURNAL_STREAM": "8:1234", "NOTIFY_SOCKET": socket})
    assert told.journal == "8:1234"
    assert ServiceManager.of({}).journal == ""


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/roomkey.service\n", ("roomkey.service", False)),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/roomkey.service\n",
            ("roomkey.service", True),
        ),
        ("0::/system.slice/system-roomkey.slice/roomkey@a.service/agents\n", ("roomkey@a.service", False)),
        (
            "9:name=systemd:/system.slice/roomkey.service\n4:memory:/system.slice/other.service\n0::/\n",
            ("roomkey.service", False),
        ),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n", None),
        ("0::/\n", None),
        ("", None),
    ],
    ids=["system", "user", "delegated", "both hierarchies", "terminal", "container", "nothing"],
)
def test_the_unit_is_read_from_the_control_group(cgroup: str, unit: tuple[str, bool] | None) -> None:
    assert unit_of(cgroup) == unit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1min 30s\n", 90.0),
        ("1min 15s", 75.0),
        ("2h 1min 500ms", 7260.5),
        ("45s", 45.0),
        ("1month 2d", 2_802_600.0),
        ("infinity", None),
        ("", None),
        ("90", None),
        ("1min soon", None),
    ],
)
def test_a_span_is_read_as_systemd_prints_it(text: str, seconds: float | None) -> None:
    assert span_s(text) == (seconds if seconds is None else pytest.approx(seconds))


def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> Path:
    """Put a systemctl of ours first on the path; return where it writes how it was called."""
    program, called = tmp_path / "systemctl", tmp_path / "called"
    program.write_text("\n".join(["#!/bin/sh", f'echo "$@" >{called}', *lines]) + "\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return called


async def test_the_stop_timeout_is_what_the_manager_of_the_unit_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = systemctl(tmp_path, monkeypatch, "echo 1min 30s")
    cgroup = tmp_path / "cgroup"
    cgroup.write_text("0::/user.slice/user@7.service/app.slice/roomkey.service\n")
    assert await stop_timeout_s(cgroup) == 90.0
    assert called.read_text() == "--user show --property=TimeoutStopUSec --value roomkey.service\n"
    cgroup.write_text("0::/system.slice/roomkey.service\n")
    assert await stop_timeout_s(cgroup) == 90.0
    assert called.read_text() == "show --property=TimeoutStopUSec --value roomkey.service\n"


@pytest.mark.parametrize("line", ["exit 1", "exec sleep 60", "echo infinity"])
async def test_a_manager_that_does_not_say_it_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    systemctl(tmp_path, monkeypatch, line)
    cgroup = tmp_path / "cgroup"
    cgroup.write_text("0::/system.slice/roomkey.service\n")
    assert await stop_timeout_s(cgroup, limit_s=0.5) is None


async def test_a_process_that_is_no_service_has_no_stop_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = systemctl(tmp_path, monkeypatch, "echo 1min 30s")
    (tmp_path / "cgroup").write_text("0::/user.slice/user-7.slice/session-3.scope\n")
    assert await stop_timeout_s(tmp_path / "cgroup") is None
    assert not called.exists()


async def test_no_secret_is_told(tmp_path: Path) -> None:
    async with notify_socket(tmp_path) as manager:
        ServiceManager(manager.address, redactor=Redactor(["hunter22222"])).tell("STATUS=well, hunter22222")
        await manager.hears(r"STATUS=well, \[secret\]")
