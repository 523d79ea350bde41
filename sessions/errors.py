"""Every error raised on purpose, and for whom it is.

    RoomkeyError
      UserError      the person in the channel can mend it; the text is shown as it is
        QueueFull  NotAllowed  NoSuchSession  AlreadyDecided  BadWorkdir  PromptNotFound
      AgentError     a vendor's program failed; the key stays usable
        AgentMissing  AuthError  SessionBusy  SessionNotFound  AgentGone
      StateError     our files or rows are not what we wrote; never start empty over them
        Corrupt  TooNew  Locked  Fenced  ReadOnly  BoxBroken  BadMount

Anything else that is raised is a bug of ours. An error's docstring is its default text.
"""

from inspect import cleandoc
from typing import ClassVar

EXIT_USAGE = 2
EXIT_LOCKED = 75
EXIT_TOKEN_REFUSED = 77
EXIT_BAD_STATE = 78
"""Exit codes of `roomkey run` that a service manager must not answer with a restart."""


class RoomkeyError(Exception):
    """Something went wrong."""

    def __init__(self, text: str | None = None) -> None:
        super().__init__(cleandoc(type(self).__doc__ or "") if text is None else text)


class UserError(RoomkeyError):
    """That is not possible here."""


class QueueFull(UserError):
    """This room has too many prompts waiting. Wait for one to end, then send it again."""


class NotAllowed(UserError):
    """You may not do that here. Ask the owner of this bot."""


class NoSuchSession(UserError):
    """There is no session of that name."""


class AlreadyDecided(UserError):
    """That was decided already, or its turn is over."""


class BadWorkdir(UserError):
    """That directory cannot be a room's working directory."""


class PromptNotFound(UserError):
    """That message is not in the conversation of this room as it is now. Take one that `/rewind` offers."""


class AgentError(RoomkeyError):
    """The agent failed."""

    def __init__(
        self,
        text: str | None = None,
        *,
        vendor: str = "",
        exit_code: int | None = None,
        stderr_tail: str = "",
        retryable: bool = False,
    ) -> None:
        super().__init__(text)
        self.vendor = vendor
        self.exit_code = exit_code
        self.stderr_tail = stderr_tail
        self.retryable = retryable


class AgentMissing(AgentError):
    """The agent's program is not installed."""


class AuthError(AgentError):
    """The agent is not logged in."""


class SessionBusy(AgentError):
    """Another process works on this agent session."""


class SessionNotFound(AgentError):
    """The agent does not know its session any more."""


class AgentGone(AgentError):
    """The agent's process ended in the middle of a turn."""


class StateError(RoomkeyError):
    """Roomkey's own files are not as it left them."""

    exit_code: ClassVar[int] = EXIT_BAD_STATE


class Corrupt(StateError):
    """The database is damaged. It was left untouched."""


class TooNew(StateError):
    """The database was written by a newer Roomkey. It was left untouched."""


class Locked(StateError):
    """Another Roomkey is using this data directory."""

    exit_code: ClassVar[int] = EXIT_LOCKED


class ReadOnly(StateError):
    """The data directory cannot be written."""


class BoxBroken(StateError):
    """Agents cannot be kept apart on this machine in the way the settings ask for."""


class BadMount(StateError):
    """A room cannot be given what the settings give it."""


class Fenced(StateError):
    """The right to work on this room has passed to another worker; nothing was written."""
