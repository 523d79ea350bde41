"""The files that setup writes: settings and token, for nobody else to read; never over others unasked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.hosting import Hosting
from bot.service import let_service_read
from bot.settings_edit import Values, differing, fresh_text, with_values
from bot.written import write_private
from sessions.errors import ReadOnly

Fate = Literal["written", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the two files."""

    settings: Fate
    token: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written. `questions` are those to which the answer must be yes before it may be."""

    hosting: Hosting
    settings: str | None
    token: str | None
    questions: tuple[str, ...]
    written: Written

    def carry_out(self) -> None:
        """Write it. Blocks. Raises ReadOnly."""
        try:
            if self.settings is not None:
                write_private(self.hosting.settings_file, self.settings)
            if self.token is not None:
                write_private(self.hosting.token_file, self.token)
            if self.hosting.is_system:
                let_service_read(self.hosting)
        except OSError as error:
            raise _read_only(self.hosting.settings_file, error) from error


def plan_files(hosting: Hosting, values: Values, token: str) -> Plan:
    """Compare what is there with what shall be. Changes nothing; blocks.

    Raises:
        NotEditable: the settings file is written in a way that is not changed by machine.
        ReadOnly: a file is there and cannot be read.
    """
    file = hosting.settings_file
    try:
        before, token_before = _read(file), (_read(hosting.token_file, "replace") or "").strip()
    except OSError as error:
        raise _read_only(file, error) from error
    changes = values if before is None else differing(before, values, file)
    text = fresh_text(values) if before is None else with_values(before, changes, file)
    questions: list[str] = []
    if before is not None and changes:
        questions.append(f"Change {_listed(changes)} in {file}?")
    if token_before not in ("", token):
        questions.append(f"Replace the token in {hosting.token_file}?")
    token_fate: Fate = "unchanged" if token_before == token else "changed" if token_before else "written"
    return Plan(
        hosting=hosting,
        settings=None if text == before else text,
        token=None if token_before == token else f"{token}\n",
        questions=tuple(questions),
        written=Written("written" if before is None else "changed" if changes else "unchanged", token_fate),
    )


def add_login(login_file: Path, name: str, value: str) -> None:
    """Put a variable into the file of the service's environment, which is made if missing. Blocks.

    Raises:
        ReadOnly: it cannot be written.
    """
    try:
        lines = [line for line in (_read(login_file) or "").splitlines() if not line.startswith(f"{name}=")]
        write_private(login_file, "\n".join([*lines, f"{name}={value}"]) + "\n")
    except OSError as error:
        raise _read_only(login_file, error) from error


def _read_only(file: Path, error: OSError) -> ReadOnly:
    return ReadOnly(f"{error.filename or file}: {error.strerror}. Change its owner or mode.")


def _listed(changes: Values) -> str:
    return " and ".join(".".join(name) for name in changes)


def _read(file: Path, errors: Literal["strict", "replace"] = "strict") -> str | None:
    try:
        return file.read_text("utf-8", errors)
    except FileNotFoundError:
        return None
