"""The chapters of docs/experience.md, in the order in which a newcomer meets what they show."""

from typing import Final

from tests.tour.chapters.answers import ANSWERS
from tests.tour.chapters.asking import ASKING
from tests.tour.chapters.places import PLACES
from tests.tour.chapters.room import ROOM
from tests.tour.chapters.sessions import SESSIONS
from tests.tour.chapters.steering import STEERING
from tests.tour.chapters.work import WORK
from tests.tour.scene import Chapter

CHAPTERS: Final[tuple[Chapter, ...]] = (ANSWERS, WORK, ASKING, STEERING, SESSIONS, PLACES, ROOM)
"""All of them."""
