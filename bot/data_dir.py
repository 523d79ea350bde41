"""Taking a data directory into use, by the bot or by a command: made if missing, and nobody else in it."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from bot.private_files import writable_by_others
from sessions.errors import ReadOnly, StateError
from sessions.instance import hold_instance
from sessions.paths import ASIDE, Paths
from sessions.restore import is_half_restored


@contextmanager
def hold_data_dir(data_dir: Path, settings_file: Path | None = None) -> Generator[tuple[Paths, UUID]]:
    """Make the directory's parts and hold its lock while the block runs; the UUID names this use. Blocks.

    Raises:
        Locked: another Roomkey uses it.
        ReadOnly: it cannot be made or written.
        StateError: it lies where agents may not write, others can change it, or a restore was cut off in it.
    """
    paths = replace(Paths.at(data_dir), settings_file=settings_file)
    with ExitStack() as stack:
        try:
            paths.create()
            _refuse_others(paths)
            owner = stack.enter_context(hold_instance(paths.lock))
            _refuse_half(paths)
        except OSError as error:
            raise ReadOnly(
                f"The data directory {paths.root} cannot be written: {error.strerror}."
                " Change its owner or mode, or name another one in ROOMKEY_DATA_DIR."
            ) from error
        yield paths, owner


def _refuse_half(paths: Paths) -> None:
    if is_half_restored(paths):
        raise StateError(
            f"A restore of {paths.root} was cut off, so there is no database in it. Run `roomkey restore`"
            f" again with --force; what was there before lies in a directory {ASIDE}… inside."
        )


def _refuse_others(paths: Paths) -> None:
    for directory in (paths.root, paths.launcher.parent, paths.session_locks, paths.backups):
        if trouble := writable_by_others(directory):
            raise StateError(f"Others must not be able to write in the data directory: {trouble}")
