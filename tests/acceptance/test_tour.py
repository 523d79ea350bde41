"""Some scenes of the tour, as `make tour` plays them: the real bot, agent and browser."""

from pathlib import Path

import pytest

from tests.tour.chapters import CHAPTERS
from tests.tour.play import played
from tests.tour.png import size

pytestmark = [pytest.mark.timeout(400), pytest.mark.blocking]

SCENES = {scene.name: scene for chapter in CHAPTERS for scene in chapter.scenes}
SOME = ("first-answer", "permission-reason", "questions-several")
"""An answer, a dialogue, a menu."""


async def test_scenes_play_and_give_their_pictures(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    assert await played([SCENES[name] for name in SOME], tmp_path, pictures) == {}
    for name in SOME:
        width, _ = size((pictures / f"{name}.png").read_bytes())
        assert width > 500
