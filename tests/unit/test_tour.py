"""The tour: every scene is in docs/experience.md, and every picture is there and small."""

import re
from pathlib import Path

import pytest

from tests.tour.behind import BEHIND
from tests.tour.book import PAGE, PICTURES, written
from tests.tour.chapters import CHAPTERS
from tests.tour.png import size

SCENES = [scene for chapter in CHAPTERS for scene in chapter.scenes]
MOST_BYTES = 60_000
TESTS = Path(__file__).parents[1]


def test_the_page_is_what_the_scenes_say() -> None:
    assert PAGE.read_text() == written(CHAPTERS), "run `make tour`"


def test_every_scene_has_a_name_of_its_own_that_can_name_a_room() -> None:
    names = [scene.name for scene in SCENES]
    assert len(names) == len(set(names))
    assert [name for name in names if re.fullmatch(r"[a-z][a-z-]{2,30}", name) is None] == []


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_picture_is_there_and_small(scene: object) -> None:
    picture = (PICTURES / getattr(scene, "picture", "")).read_bytes()
    width, height = size(picture)
    assert len(picture) < MOST_BYTES
    assert width > 500
    assert height > 60


def test_every_scene_has_a_test_behind_it_and_there_is_one_of_that_name() -> None:
    tests = "\n".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", tests, re.MULTILINE))
    assert set(BEHIND) == {scene.name for scene in SCENES}
    assert {name for name in BEHIND.values() if name not in there} == set()


def test_no_picture_is_left_over() -> None:
    assert {path.name for path in PICTURES.iterdir()} == {scene.picture for scene in SCENES}
