"""The doctor's look at who may do what: whether anybody may, and what one person may in one channel."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from bot.access import Allow, Rules, Tier, authorize
from bot.blocking import in_own_thread
from bot.chat import Person, Place
from bot.chat_discord import PLATFORM
from bot.doctor import Finding
from bot.doctor_scene import Question, Scene
from bot.doctor_state import opened
from bot.gate import rules_of
from bot.people import with_grants
from bot.routing import key_for
from bot.settings import Settings
from sessions.errors import RoomkeyError
from sessions.store.people import Grant
from sessions.store.sqlite_people import LIST

_NOBODY = "Start Roomkey and say the pairing code in its log to the bot, or set discord.owners."


async def people(scene: Scene) -> Finding:
    """Whether anybody may speak to the bot; if somebody is named, whether they may."""
    settings = scene.settings
    if settings is None:
        return Finding("skipped", "The settings must be mended first.")
    rules = with_grants(rules_of(settings), await in_own_thread(lambda: _grants(scene)))
    if scene.question is not None:
        return await _about(scene, scene.question, settings, rules)
    if rules.is_empty:
        return Finding("warn", "Nobody may speak to the bot yet.", _NOBODY)
    if not rules.owners:
        return Finding("warn", "Nobody owns the bot, so nobody can say who may what.", _NOBODY)
    named = len(rules.users) + len(rules.operators) + len(rules.user_grants)
    return Finding(
        "ok", f"The bot has {_count(len(rules.owners), 'owner')}; {_count(named, 'other')} named by id."
    )


async def _about(scene: Scene, question: Question, settings: Settings, rules: Rules) -> Finding:
    try:
        standing = await scene.standing()
    except RoomkeyError as error:
        return Finding("fail", str(error), "Look at both ids: are they in the same guild as the bot?")
    person = Person(
        id=question.user_id,
        name=standing.user_name if standing else question.user_id,
        role_ids=standing.role_ids if standing else frozenset(),
    )
    place = Place(
        platform=PLATFORM,
        channel_id=question.channel_id,
        guild_id=standing.guild_id if standing else None,
        parent_id=standing.parent_id if standing else None,
    )
    verdict = authorize(person, place, Tier.USER, rules)
    if not isinstance(verdict, Allow):
        text = f"{person.name} may not speak there: {verdict.reason}."
        return Finding("warn", text, "An owner can change that with /allow, or in the settings.")
    key = key_for(place, settings.discord.listen_channels)
    said = settings.reply_to_for(place.guild_id, place.channel_id, place.parent_id)
    heard = "every message" if said == "all" else "messages that mention the bot"
    why = f", because {verdict.why}" if verdict.why else ""
    tier = verdict.tier.name.lower()
    text = f"{person.name} may speak there as {tier}{why}. The session is {key}; answered is {heard}."
    return Finding("ok", text)


def _grants(scene: Scene) -> Sequence[Grant]:
    """Return what owners have granted; nothing where the database has no such table yet. Blocks."""
    if not scene.paths.database.exists():
        return ()
    try:
        with closing(opened(scene.paths)) as connection:
            connection.row_factory = sqlite3.Row
            return [Grant(**row) for row in connection.execute(LIST, {"platform": PLATFORM}).fetchall()]
    except sqlite3.DatabaseError:  # the check of the database says why
        return ()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
