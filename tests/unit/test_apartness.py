"""What a room shares with others is found, whichever of its belongings it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from sessions.apartness import WHAT, Apartness, Belongings, compared
from sessions.keys import session_key


def belongings(name: str) -> Belongings:
    root = Path("/data/sessions") / name
    return Belongings(
        key=session_key(name),
        agent_session_id=f"id-{name}",
        directories={
            "workdir": root / "work",
            "memory": root / "memory",
            "home": root / "home",
            "temporary files": root / "tmp",
        },
        env={"HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "PATH": "/usr/bin"},
    )


OWN, OTHER, THIRD = belongings("a"), belongings("b"), belongings("c")


def test_rooms_with_nothing_in_common_are_apart() -> None:
    assert compared(OWN, [OTHER, THIRD]) == Apartness(2)
    assert compared(OWN, []) == Apartness(0)


@pytest.mark.parametrize("what", ["workdir", "memory", "home", "temporary files"])
@pytest.mark.parametrize("nested", ["same", "below", "above"])
def test_a_directory_in_common_is_found_also_one_in_the_other(what: str, nested: str) -> None:
    theirs = OTHER.directories[what]
    own = {"same": theirs, "below": theirs / "x", "above": theirs.parent}[nested]
    mine = replace(OWN, directories={**OWN.directories, what: own})
    found = compared(mine, [OTHER, THIRD])
    assert found.shared == {what: [OTHER.key]}


def test_an_id_and_an_environment_in_common_are_found() -> None:
    same_id = replace(OTHER, agent_session_id=OWN.agent_session_id)
    same_home = replace(THIRD, env=OWN.env)
    found = compared(OWN, [same_id, same_home])
    assert found.shared == {"agent session id": [OTHER.key], "environment": [THIRD.key]}
    assert set(found.shared or {}) <= set(WHAT)
