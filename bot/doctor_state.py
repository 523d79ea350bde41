"""The doctor's checks of the bot itself: who runs, what its database is like, and its service."""

import sqlite3
import threading
from contextlib import closing
from typing import Final

from bot.blocking import in_own_thread
from bot.doctor import Finding
from bot.doctor_scene import Scene
from bot.one_token import token_holder
from bot.service import read_unit, state_of
from bot.service_unit import this_program, unit_for
from sessions.errors import UserError
from sessions.instance import holder_of
from sessions.paths import Paths
from sessions.store.sqlite_files import APPLICATION_ID, SCHEMA_VERSION, gentlest_mode, newest_backup

_LOOK_S: Final = 1.5
"""How long the database may be read; what is larger is looked at in part."""

_ASK_S: Final = 2.0
"""How long the service manager may take to answer."""

_LOGS: Final = "`roomkey service logs` says why."


async def running(scene: Scene) -> Finding:
    """Which bot uses the data directory, and whether another one uses the token."""
    holder = await in_own_thread(lambda: holder_of(scene.paths.lock))
    if holder is not None:
        who = f"process {holder}" if holder else "a process that does not say its number"
        return Finding("ok", f"Roomkey runs here: {who}.")
    settings = scene.settings
    if settings is not None and settings.token is not None:
        other = token_holder(settings.token.get_secret_value(), settings.discord.api_base)
        if other is not None:
            who = f"Process {other}" if other else "Another process"
            return Finding(
                "warn",
                f"{who} uses this token with another data directory.",
                "Two bots of one token would both answer: stop one, or give it a token of its own.",
            )
    return Finding("ok", "Roomkey does not run here at the moment.")


async def database(scene: Scene) -> Finding:
    """Whether the database is whole and of a version that this program knows."""
    file = scene.paths.database
    if not await in_own_thread(lambda: file.exists() and file.stat().st_size > 0):
        return Finding("ok", "There is no database yet; the first start makes it.")
    backup = await in_own_thread(lambda: newest_backup(scene.paths))
    restore = (
        f"Stop Roomkey, then: roomkey restore --force --into {scene.paths.root} {backup}"
        if backup
        else "Stop Roomkey; there is no copy in backups/. Restore a backup of yours, if you have one."
    )
    try:
        application, version, damage = await in_own_thread(lambda: _looked_into(scene.paths))
    except sqlite3.DatabaseError as error:
        return Finding("fail", f"The database {file} cannot be read: {error}.", restore)
    except OSError as error:
        return Finding("fail", f"The database {file} cannot be read: {error.strerror}.", "Look at its owner.")
    if application != APPLICATION_ID:
        return Finding("fail", f"{file} is another program's database.", "Name another data directory.")
    if version > SCHEMA_VERSION:
        return Finding(
            "fail",
            f"The database has version {version}; this Roomkey knows {SCHEMA_VERSION}.",
            "Install the newer Roomkey again.",
        )
    if damage is None:
        return Finding("ok", f"The database is too large to be read whole in {_LOOK_S} s; no damage so far.")
    if damage:
        return Finding("fail", f"The database {file} is damaged: {damage}.", restore)
    older = "; the next start upgrades it and keeps a backup" if version < SCHEMA_VERSION else ""
    return Finding("ok", f"The database is whole, version {version}{older}.")


async def service(scene: Scene) -> Finding:
    """Whether the service is there, starts by itself, and is the one of this program."""
    hosting = scene.hosting
    installed = await in_own_thread(lambda: read_unit(hosting))
    if installed is None:
        return Finding("skipped", "No service is installed; `roomkey service install` does that.")
    try:
        wanted = await in_own_thread(lambda: unit_for(hosting, this_program().words))
        if installed != wanted:
            return Finding(
                "warn",
                f"{hosting.unit_file} is not the unit that this Roomkey would install.",
                "Run `roomkey service install` to see to it.",
            )
        state = await in_own_thread(lambda: state_of(hosting, limit_s=_ASK_S))
    except UserError as error:
        return Finding("warn", str(error), "Look at `systemctl status`.")
    if not state.is_enabled:
        return Finding("warn", state.sentence(), "Run `roomkey service install` and let it be started.")
    return Finding("ok" if state.is_active else "fail", state.sentence(), "" if state.is_active else _LOGS)


def opened(paths: Paths) -> sqlite3.Connection:
    """Open the database so that looking at it changes nothing. Blocks. Raises sqlite3.DatabaseError."""
    # A file that is written to meanwhile would look damaged to whoever takes it for unchanging.
    mode = "mode=ro" if holder_of(paths.lock) is not None else gentlest_mode(paths.database)
    return sqlite3.connect(f"{paths.database.as_uri()}?{mode}", uri=True, check_same_thread=False)


def _looked_into(paths: Paths) -> tuple[int, int, str | None]:
    """Return the file's application, its version, and its damage: "" for none, None if time ran out."""
    with closing(opened(paths)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        limit = threading.Timer(_LOOK_S, connection.interrupt)
        limit.daemon = True
        limit.start()
        try:
            (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            return application, version, None
        finally:
            limit.cancel()
    return application, version, "" if finding == "ok" else str(finding)
