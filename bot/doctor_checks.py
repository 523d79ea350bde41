"""Every check of `roomkey doctor`, in the order in which it is shown. `CHECKS` is the list."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from bot import doctor_agent, doctor_discord, doctor_files, doctor_people, doctor_state
from bot.blocking import in_own_thread
from bot.doctor import Check, Result, examine, mend
from bot.doctor_scene import Question, Scene, asking_discord
from bot.installation import Installation
from sessions.errors import EXIT_USAGE, UserError
from sessions.ids import numeric_id

LIMIT_S: Final = 2.0
"""How long each check may take if nobody says otherwise: then all have answered within 3 s."""

_FOR_DISCORD: Final = 0.9
"""The part of it that Discord gets, so that the checks can still say what became of that."""

CHECKS: Final = (
    Check("settings", doctor_files.settings),
    Check("token", doctor_discord.token),
    Check("intents", doctor_discord.intents),
    Check("permissions", doctor_discord.permissions),
    Check("commands", doctor_discord.commands),
    Check("connections", doctor_discord.connections),
    Check("clock", doctor_discord.clock),
    Check("agent", doctor_agent.agent),
    Check("login", doctor_agent.login),
    Check("isolation", doctor_agent.isolation),
    Check("people", doctor_people.people),
    Check("files", doctor_files.modes, doctor_files.mend_modes),
    Check("disk", doctor_files.disk),
    Check("database", doctor_state.database),
    Check("leftovers", doctor_files.leftovers, doctor_files.mend_leftovers),
    Check("running", doctor_state.running),
    Check("service", doctor_state.service),
)
"""Written by hand: one line for each check. Names are what scripts go by."""


class BadQuestion(UserError):
    """A person's rights are asked for with both --user and --channel, each a number of Discord's."""

    exit_code: ClassVar[int] = EXIT_USAGE


def question_of(user_id: str, channel_id: str) -> Question | None:
    """Return the question about a person; None if neither id was given. Raises BadQuestion."""
    if not user_id and not channel_id:
        return None
    try:
        return Question(numeric_id(user_id), numeric_id(channel_id))
    except ValueError as error:
        raise BadQuestion from error


async def examine_installation(
    find: Callable[[], Installation],
    question: Question | None = None,
    *,
    fix: bool = False,
    limit_s: float = LIMIT_S,
) -> Sequence[Result]:
    """Run every check, each for at most `limit_s`; return what was found, in order.

    With `fix`, what is safe to mend is mended, and all is looked at again: one thing often hangs on another.
    """
    installation = await in_own_thread(find)
    async with asking_discord(Scene(installation, question), limit_s * _FOR_DISCORD) as scene:
        results = await examine(scene, CHECKS, limit_s)
        mended = await mend(scene, CHECKS, results if fix else ())
    if not any(mended.values()):
        return results
    installation = await in_own_thread(find)
    async with asking_discord(Scene(installation, question), limit_s * _FOR_DISCORD) as scene:
        again = await examine(scene, CHECKS, limit_s)
    return [replace(result, mended=tuple(mended.get(result.name, ()))) for result in again]
