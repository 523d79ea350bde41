"""Which isolation an installation gets: the strongest that works on this machine, found by trying it."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.blocking import in_own_thread
from bot.installation import Installation
from bot.settings import Settings
from bot.setup_questions import Asker, Say
from sessions.box import BOXES
from sessions.box.probe import probe
from sessions.errors import BoxBroken
from sessions.settings import Isolation

SCRATCH: Final = "probe-"
SCRATCH_CHARS: Final = 8
"""How the directories begin in which a box is tried, and how many signs follow; they are removed then."""

_TRIED: Final[tuple[Isolation, ...]] = ("bwrap", "landlock")
"""What is chosen unasked, the stronger first. `strict` needs a list of hosts, so a person chooses it."""

_WITHOUT: Final = (
    "Run agents without isolation? Then whoever may talk to a room can, through its agent, reach all that"
    " this user can."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The level to be written, None to leave the settings as they are, and what is wrong with it."""

    level: Isolation | None
    problem: str = ""


async def choose_isolation(
    given: Isolation | None, installation: Installation, settings: Settings, asker: Asker, say: Say
) -> Chosen:
    """Return the level that was given or chosen before, if it holds, else the strongest that does.

    Nothing is made weaker unasked: where nothing holds, a person must say so, or `--isolation none`.

    Raises:
        BoxBroken: the level that was given does not hold here; the text says what mends it.
    """
    data_dir = installation.hosting.data_dir
    if given is not None:
        if why := await why_broken(given, data_dir, settings):
            raise BoxBroken(why)
        say(f"Isolation {given} holds on this machine.")
        return Chosen(given)
    if "isolation" in settings.model_fields_set:
        why = await why_broken(settings.isolation, data_dir, settings)
        say(why or f"Isolation {settings.isolation} holds on this machine.")
        return Chosen(None, why)
    reasons: list[str] = []
    for level in _TRIED:
        why = await why_broken(level, data_dir, settings)
        if not why:
            say(f"Isolation {level} holds on this machine.")
            return Chosen(level)
        reasons.append(why)
        say(why)
    if asker.dares(_WITHOUT):
        return Chosen("none")
    return Chosen(None, reasons[0])


async def why_broken(level: Isolation, data_dir: Path, settings: Settings) -> str:
    """Return why such a box does not hold below the data directory, in one line; "" if it does.

    What was made for trying it is removed, the data directory too if it was missing.
    """
    made = [one for one in (data_dir, *data_dir.parents) if not one.exists()]

    def look() -> str:
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe(BOXES[level], data_dir / f"{SCRATCH}{secrets.token_hex(SCRATCH_CHARS // 2)}", settings.box)
        except BoxBroken as error:
            return str(error)
        except OSError as error:
            return f"Isolation {level} cannot be tried in {data_dir}: {error.strerror}."
        finally:
            for directory in made:
                _remove_empty(directory)
        return ""

    return await in_own_thread(look)


def _remove_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError:
        return
