"""From what is seen in a box to what does not hold."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sessions.box.findings import Expected, Seen, breaches

HOST = {"pid": "pid:[1]", "user": "user:[2]"}
MOUNTS = """\
1 0 0:1 /newroot / ro,nosuid - tmpfs tmpfs rw
2 1 8:1 /usr /usr ro,nosuid - ext4 /dev/sda rw
3 1 0:2 / /proc rw - proc proc rw
4 1 0:3 / /dev ro - tmpfs tmpfs rw,mode=755
5 4 0:4 /null /dev/null rw - devtmpfs udev rw,size=1k
6 4 0:5 / /dev/shm rw - tmpfs tmpfs rw,size=1k
7 1 0:6 / /tmp rw - tmpfs tmpfs rw,size=1k
8 1 0:7 / /run rw - tmpfs tmpfs rw,size=1k
9 1 8:1 /d/w /d/a\\040room rw - ext4 /dev/sda rw
10 1 8:1 /etc/passwd /etc/passwd ro - ext4 /dev/sda rw
"""
STATUS = "Name:\tsh\nNoNewPrivs:\t1\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
LIMITS = "Limit    Soft  Hard  Units\nMax file size   100   100   bytes\n"
ROOM = "/d/a room"
EXPECTED = Expected(
    env={"HOME": "/d/home"},
    writable=frozenset({ROOM}),
    shown=frozenset({ROOM}),
    namespaces=frozenset({"pid"}),
    limits={"RLIMIT_FSIZE": 100},
    has_own_mounts=True,
)
SEEN = Seen(
    env={"HOME": "/d/home"},
    workdir=ROOM,
    namespaces={"pid": "pid:[9]"},
    mounts=MOUNTS,
    status=STATUS,
    limits=LIMITS,
    stat="7 (a ) b) S 1 7 7 0 -1",
    did=frozenset({"wrote-own"}),
)


def found(seen: Seen, expected: Expected = EXPECTED, host: Mapping[str, str] = HOST) -> list[str]:
    return breaches(seen, expected, host, ROOM)


def test_a_box_that_holds_has_no_breach() -> None:
    assert found(SEEN) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"env": {"HOME": "/d/home", "TOKEN": "x"}}, "the variable TOKEN is passed on"),
        ({"env": {}}, "the variable HOME is not as it should be"),
        ({"workdir": "/"}, "the agent works in /"),
        ({"namespaces": {"pid": "pid:[1]"}}, "the pid namespace is the host's"),
        ({"namespaces": {}}, "the pid namespace is the host's"),
        (
            {"status": STATUS.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0")},
            "programs inside can gain privileges",
        ),
        ({"status": STATUS.replace("CapBnd:\t0", "CapBnd:\t1")}, "the agent has capabilities"),
        ({"status": ""}, "the agent has capabilities"),
        ({"limits": ""}, "RLIMIT_FSIZE is not set"),
        ({"limits": LIMITS.replace("100", "unlimited")}, "RLIMIT_FSIZE is not set"),
        ({"limits": LIMITS.replace("100", "101")}, "RLIMIT_FSIZE is not set"),
        ({"stat": "7 (sh) S 1 7 0 0 -1"}, "the agent shares the bot's terminal session"),
        ({"did": frozenset[str]()}, "a room's own directory cannot be written"),
        ({"did": SEEN.did | {"read-sibling"}}, "another room's file can be read"),
        ({"did": SEEN.did | {"wrote-sibling"}}, "another room's directory can be written"),
        ({"did": SEEN.did | {"read-bot"}}, "the bot's environment can be read"),
        ({"did": SEEN.did | {"wrote-kernel"}}, "settings of the kernel can be written"),
        ({"did": SEEN.did | {"found-secret"}}, "a secret of the bot is visible inside"),
        ({"mounts": MOUNTS.replace("/ ro,nosuid", "/ rw,nosuid")}, "/ can be written"),
        ({"mounts": MOUNTS.replace("/usr ro", "/usr rw")}, "/usr can be written"),
        (
            {"mounts": MOUNTS.replace("/tmp rw - tmpfs tmpfs rw,size=1k", "/tmp rw - tmpfs tmpfs rw")},
            "/tmp has no size",
        ),
        ({"mounts": MOUNTS.replace("/etc/passwd ro", "/etc ro")}, "/etc is shown"),
        ({"mounts": MOUNTS.replace("/etc/passwd ro", "/binaries ro")}, "/binaries is shown"),
        ({"mounts": "\n".join(MOUNTS.splitlines()[:-2])}, f"{ROOM} is not mounted"),
        ({"mounts": ""}, "/tmp is not mounted"),
    ],
)
def test_each_promise_is_judged(changed: dict[str, object], words: str) -> None:
    assert any(clause.startswith(words) for clause in found(replace(SEEN, **changed)))  # type: ignore[arg-type]


def test_without_a_box_only_the_environment_counts() -> None:
    bare = Expected(env={"HOME": "/d/home"})
    seen = replace(SEEN, mounts="", status="", did=frozenset({"read-sibling", "wrote-sibling"}))
    assert found(seen, bare) == []
    assert found(replace(seen, env={}), bare) != []
    assert found(replace(seen, did=frozenset({"found-secret"})), bare) != []
