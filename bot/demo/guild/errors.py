"""What Discord refuses, with its status and code, and what goes wrong between a person and the guild.

Codes and texts: Discord's documentation, "Opcodes and Status Codes".
"""

from enum import IntEnum
from typing import Any


class Code(IntEnum):
    """Discord's JSON error codes that the guild can answer."""

    NONE = 0
    UNKNOWN_CHANNEL = 10003
    UNKNOWN_GUILD = 10004
    UNKNOWN_MEMBER = 10007
    UNKNOWN_MESSAGE = 10008
    UNKNOWN_USER = 10013
    UNKNOWN_EMOJI = 10014
    UNKNOWN_WEBHOOK = 10015
    UNKNOWN_INTERACTION = 10062
    UNKNOWN_COMMAND = 10063
    SLOW_MODE = 20016
    TOO_MANY_PINS = 30003
    TOO_MANY_REACTIONS = 30010
    TOO_LARGE = 40005
    ALREADY_ACKNOWLEDGED = 40060
    NO_ACCESS = 50001
    CANNOT_EXECUTE_ON_DM = 50003
    NOT_THE_AUTHOR = 50005
    EMPTY_MESSAGE = 50006
    CANNOT_DM_USER = 50007
    CANNOT_SEND_HERE = 50008
    NO_PERMISSION = 50013
    BULK_DELETE_COUNT = 50016
    SYSTEM_MESSAGE = 50021
    WRONG_CHANNEL_TYPE = 50024
    INVALID_TOKEN = 50027
    TOO_OLD_TO_BULK_DELETE = 50034
    INVALID_FORM = 50035
    THREAD_ARCHIVED = 50083
    HAS_THREAD = 160004
    THREAD_LOCKED = 160005
    TOO_MANY_THREADS = 160006


ANSWERS: dict[Code, tuple[int, str]] = {
    Code.NONE: (404, "404: Not Found"),
    Code.UNKNOWN_CHANNEL: (404, "Unknown Channel"),
    Code.UNKNOWN_GUILD: (404, "Unknown Guild"),
    Code.UNKNOWN_MEMBER: (404, "Unknown Member"),
    Code.UNKNOWN_MESSAGE: (404, "Unknown Message"),
    Code.UNKNOWN_USER: (404, "Unknown User"),
    Code.UNKNOWN_EMOJI: (400, "Unknown Emoji"),
    Code.UNKNOWN_WEBHOOK: (404, "Unknown Webhook"),
    Code.UNKNOWN_INTERACTION: (404, "Unknown interaction"),
    Code.UNKNOWN_COMMAND: (404, "Unknown application command"),
    Code.SLOW_MODE: (429, "This action cannot be performed due to slowmode rate limit"),
    Code.TOO_MANY_PINS: (400, "Maximum number of pins reached for the channel (50)"),
    Code.TOO_MANY_REACTIONS: (400, "Maximum number of reactions reached (20)"),
    Code.TOO_LARGE: (413, "Request entity too large"),
    Code.ALREADY_ACKNOWLEDGED: (400, "Interaction has already been acknowledged."),
    Code.NO_ACCESS: (403, "Missing Access"),
    Code.CANNOT_EXECUTE_ON_DM: (403, "Cannot execute action on a DM channel"),
    Code.NOT_THE_AUTHOR: (403, "Cannot edit a message authored by another user"),
    Code.EMPTY_MESSAGE: (400, "Cannot send an empty message"),
    Code.CANNOT_DM_USER: (403, "Cannot send messages to this user"),
    Code.CANNOT_SEND_HERE: (400, "Cannot send messages in a non-text channel"),
    Code.NO_PERMISSION: (403, "Missing Permissions"),
    Code.BULK_DELETE_COUNT: (400, "Provided too few or too many messages to delete"),
    Code.SYSTEM_MESSAGE: (403, "Cannot execute action on a system message"),
    Code.WRONG_CHANNEL_TYPE: (400, "Cannot execute action on this channel type"),
    Code.INVALID_TOKEN: (401, "Invalid Webhook Token"),
    Code.TOO_OLD_TO_BULK_DELETE: (400, "A message provided was too old to bulk delete"),
    Code.INVALID_FORM: (400, "Invalid Form Body"),
    Code.THREAD_ARCHIVED: (400, "Thread is archived"),
    Code.HAS_THREAD: (400, "A thread has already been created for this message"),
    Code.THREAD_LOCKED: (403, "Thread is locked"),
    Code.TOO_MANY_THREADS: (400, "Maximum number of active threads reached"),
}


class ApiError(Exception):
    """Discord refused: `status` is HTTP's, `code` is Discord's, `field` says what was wrong in a form."""

    def __init__(self, code: Code, *, field: str | None = None, retry_after_s: float | None = None) -> None:
        self.code = code
        self.status, self.text = ANSWERS[code]
        self.field = field
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.status} {code.value}: {self.text}" + (f" ({field})" if field else ""))

    def body(self) -> dict[str, Any]:
        """Return the JSON object that Discord would answer."""
        body: dict[str, Any] = {"message": self.text, "code": self.code.value}
        if self.field:
            name, _, reason = self.field.partition(": ")
            body["errors"] = {name: {"_errors": [{"code": "BASE_TYPE_BAD", "message": reason or name}]}}
        if self.retry_after_s is not None:
            body |= {"retry_after": self.retry_after_s, "global": False}
        return body


class Refused(Exception):
    """A person cannot do that in Discord's client: no such command, button, option or open dialogue."""


class Unseen(AssertionError):
    """What was waited for did not happen in time; the text has the transcript and the last requests."""
