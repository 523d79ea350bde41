"""Why no box can be made, in a line that says what mends it."""

import signal

import pytest

from sessions.box.causes import cause_of, read_kernel

NEW_NAMESPACE = "bwrap: Creating new namespace failed: Operation not permitted"


@pytest.mark.parametrize(
    ("kernel", "fix"),
    [
        ({"kernel.unprivileged_userns_clone": "0"}, "sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"user.max_user_namespaces": "0"}, "sysctl -w user.max_user_namespaces=15000"),
        ({"kernel.apparmor_restrict_unprivileged_userns": "1"}, "apparmor_parser -r"),
        ({"kernel.unprivileged_userns_clone": "1"}, "RestrictNamespaces="),
        ({}, "seccomp=unconfined"),
    ],
)
@pytest.mark.parametrize("said", [NEW_NAMESPACE, "bwrap: setting up uid map: Permission denied"])
def test_forbidden_user_namespaces_are_traced_to_who_forbids_them(
    kernel: dict[str, str], fix: str, said: str
) -> None:
    assert fix in cause_of(1, said, kernel)


def test_what_hides_proc_is_named() -> None:
    said = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"
    assert "systempaths=unconfined" in cause_of(1, said, {})
    said = "bwrap: Can't read /proc/sys/kernel/overflowuid: No such file or directory"
    assert "ProcSubset=pid" in cause_of(1, said, {})


def test_an_old_bubblewrap_is_named() -> None:
    assert "too old" in cause_of(1, "bwrap: Unknown option --size", {})


def test_a_kernel_without_landlock_is_named() -> None:
    assert "lsm=" in cause_of(127, "cannot start /bin/sh: this kernel has no Landlock", {})


@pytest.mark.parametrize("code", [-signal.SIGSYS, 128 + signal.SIGSYS])
def test_a_filter_of_system_calls_is_named(code: int) -> None:
    assert "SystemCallFilter=" in cause_of(code, "", {})


def test_anything_else_is_told_in_its_last_words() -> None:
    assert cause_of(1, "noise\nbwrap: Something odd.\n", {}) == "it does not start: bwrap: Something odd"
    assert cause_of(7, "", {}) == "it does not start: it ended with code 7 and said nothing"
    assert len(cause_of(1, "x" * 10_000, {})) < 400


@pytest.mark.parametrize("said", ["", NEW_NAMESPACE, "mount proc", "overflowuid", "a\nb\n"])
def test_a_cause_is_one_line(said: str) -> None:
    cause = cause_of(1, said, {})
    assert "\n" not in cause
    assert not cause.endswith(".")


def test_the_kernel_s_own_words_are_read() -> None:
    assert all(value.lstrip("-").isdecimal() for value in read_kernel().values())
