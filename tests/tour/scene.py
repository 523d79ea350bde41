"""What a scene of the tour is: a room, steps in it, a picture, and what docs/experience.md says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.tour.steps import Step


@dataclass(frozen=True, slots=True)
class Scene:
    """One interaction. `name` names the room in which it is shown, and its picture.

    `text` is a sentence or two of Markdown. `settings` are of the bot for this scene alone, by environment
    variable: it starts anew for them. The picture is taken behind the last step, unless one is `Picture`.
    """

    name: str
    title: str
    text: str
    steps: tuple[Step, ...]
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def picture(self) -> str:
        """The picture's file name."""
        return f"{self.name}.png"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Scenes that belong together, under a heading."""

    title: str
    text: str
    scenes: tuple[Scene, ...]
