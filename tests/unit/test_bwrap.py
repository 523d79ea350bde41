"""Which flags make a box, and in which order."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.box.bwrap import (
    AGENT_DIR,
    Bind,
    Host,
    boxed_env,
    bwrap_arguments,
    limits_of,
    own_binds,
    program_binds,
    read_host,
)
from sessions.box.mounts import Mount
from sessions.box.spec import BoxSpec
from sessions.settings import BoxSettings

SPEC = BoxSpec(
    program=Path("/opt/vendor/claude"),
    workdir=Path("/d/room/work"),
    memory_dir=Path("/d/room/memory"),
    home=Path("/d/room/home"),
    lock=Path("/d/locks/1.lock"),
    env={"HOME": "/d/room/home", "TMPDIR": "/d/room/tmp", "ANTHROPIC_API_KEY": "sk-secret"},
)
HOST = Host(roots=(("bin", "usr/bin"), ("lib64", None)), is_root=False)


def places(*flags: str, spec: BoxSpec = SPEC, binds: tuple[Bind, ...] = (), host: Host = HOST) -> list[str]:
    """Return where these flags mount something, in their order."""
    words = bwrap_arguments(spec, host, binds)
    return [words[at + 2] for at, word in enumerate(words) if word in flags]


def test_every_namespace_but_the_network_is_the_boxs_own() -> None:
    words = bwrap_arguments(SPEC, HOST)
    for flag in ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"):
        assert flag in words
    assert "--unshare-net" not in words
    assert "--unshare-net" in bwrap_arguments(SPEC, HOST, unshare_net=True)
    assert words[words.index("--cap-drop") + 1] == "ALL"


def test_no_secret_and_no_environment_stands_in_the_arguments() -> None:
    words = bwrap_arguments(SPEC, HOST)
    assert not any("sk-secret" in word for word in words)
    assert not {"--setenv", "--clearenv"} & set(words)


def test_only_the_room_can_be_written() -> None:
    assert places("--bind") == ["/d/room/home", "/d/room/memory", "/d/room/work"]


def test_named_files_of_etc_are_shown_and_never_the_whole() -> None:
    shown = places("--ro-bind", "--ro-bind-try")
    assert "/usr" in shown
    assert "/etc/passwd" in shown
    assert not {"/", "/etc", "/etc/ssl", "/home", "/var", "/root", "/opt"} & set(shown)
    assert not any("shadow" in place or "private" in place for place in shown)


def test_the_roots_are_as_on_the_host() -> None:
    words = " ".join(bwrap_arguments(SPEC, HOST))
    assert "--symlink usr/bin /bin" in words
    assert "--ro-bind /lib64 /lib64" in words


def test_every_memory_file_system_has_a_size() -> None:
    words = bwrap_arguments(replace(SPEC, limits=BoxSettings(tmp_mib=3)), HOST)
    sized = {words[at + 1]: words[at - 1] for at, word in enumerate(words) if word == "--tmpfs"}
    assert sized == {"/dev/shm": str(3 * 1024**2), "/tmp": str(3 * 1024**2), "/run": str(16 * 1024**2)}


def test_a_mount_within_another_comes_after_it_whatever_was_named_first() -> None:
    mounts = (
        Mount(Path("/d/room/work/sub/ro"), False),
        Mount(Path("/srv/a/b"), True),
        Mount(Path("/srv/a"), False),
    )
    shown = places("--bind", "--ro-bind", spec=replace(SPEC, mounts=mounts))
    assert shown.index("/srv/a") < shown.index("/srv/a/b")
    assert shown.index("/d/room/work") < shown.index("/d/room/work/sub/ro")


def test_a_room_s_own_directory_outranks_a_mount_of_the_same_path() -> None:
    spec = replace(SPEC, mounts=(Mount(SPEC.workdir, writable=False),))
    assert Bind(SPEC.workdir, SPEC.workdir, writable=True) in own_binds(spec)
    assert places("--bind", "--ro-bind", spec=spec).count("/d/room/work") == 1
    assert "/d/room/work" in places("--bind", spec=spec)


def test_what_is_bound_elsewhere_is_named_inside() -> None:
    assert "/run/x.sock" in places("--ro-bind", binds=(Bind(Path("/d/x.sock"), Path("/run/x.sock")),))


def test_nothing_is_mounted_once_the_root_is_closed() -> None:
    words = bwrap_arguments(SPEC, HOST)
    assert words[-4:] == ("--remount-ro", "/", "--chdir", "/d/room/work")


def test_root_is_somebody_else_inside_and_cannot_write_to_the_kernel() -> None:
    host = replace(HOST, is_root=True, kernel_places=("sys", "sysrq-trigger"))
    words = bwrap_arguments(SPEC, host)
    assert words[words.index("--uid") + 1] == "65534"
    shown = places("--ro-bind-try", host=host)
    assert {"/proc/sys", "/proc/sysrq-trigger"} <= set(shown)
    assert words.index("--proc") < words.index("/proc/sys")
    assert "--uid" not in bwrap_arguments(SPEC, HOST)


def test_certificates_of_the_owner_are_shown() -> None:
    spec = replace(SPEC, env={"NODE_EXTRA_CA_CERTS": "/etc/corp/ca.pem", "SSL_CERT_FILE": "relative.pem"})
    shown = places("--ro-bind-try", spec=spec)
    assert "/etc/corp/ca.pem" in shown
    assert "relative.pem" not in shown


def test_a_binary_is_shown_alone_and_a_script_with_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(sys.executable)
    real = Path(sys.executable).resolve()
    inside, binds = program_binds(tmp_path / "link", Path("/d/room/home"))
    if Path("/usr") in real.parents:
        assert (inside, binds) == (real, ())
    else:
        assert (inside, binds) == (AGENT_DIR / real.name, (Bind(real, AGENT_DIR / real.name),))
    script = tmp_path / "claude.js"
    script.write_text("#!/usr/bin/env node\n")
    assert program_binds(script, Path("/d/room/home")) == (
        AGENT_DIR / "claude.js",
        (Bind(tmp_path, AGENT_DIR),),
    )


def test_a_script_beside_the_rooms_is_shown_alone(tmp_path: Path) -> None:
    """What lies beside it may be every other room."""
    script = tmp_path / "claude.js"
    script.write_text("#!/usr/bin/env node\n")
    _, binds = program_binds(script, tmp_path / "sessions" / "1" / "home")
    assert binds == (Bind(script, AGENT_DIR / "claude.js"),)


def test_a_program_of_the_system_is_where_it_is() -> None:
    assert program_binds(Path("/bin/sh"), Path("/d/home")) == (Path("/bin/sh").resolve(), ())


def test_temporary_files_go_to_the_boxs_own_memory() -> None:
    assert boxed_env(SPEC) == {**SPEC.env, "TMPDIR": "/tmp"}


def test_processes_are_counted_inside_alone_and_not_for_root() -> None:
    """Counted outside, the kernel would count all that the bot's user has."""
    assert limits_of(SPEC, HOST)["RLIMIT_NPROC"] == SPEC.limits.processes
    assert "RLIMIT_NPROC" not in limits_of(SPEC, HOST, inside=False)
    assert "RLIMIT_NPROC" not in limits_of(SPEC, replace(HOST, is_root=True))


def test_this_machine_is_read() -> None:
    host = read_host()
    assert dict(host.roots).keys() >= {"bin", "lib"}
    assert ("sys" in host.kernel_places) == host.is_root


@pytest.mark.parametrize("path", [SPEC.lock, Path("/d"), Path("/d/room")])
def test_the_lock_and_what_is_above_the_room_are_not_shown(path: Path) -> None:
    assert str(path) not in bwrap_arguments(SPEC, HOST)
