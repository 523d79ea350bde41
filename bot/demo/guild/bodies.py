"""What bots send over REST, decoded: frozen models, and from them the drafts that the world takes."""

import re
from collections.abc import Sequence
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.demo.guild.drafts import KEEP, AllowedMentions, Draft, Revision
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.interaction import CommandKind
from bot.demo.guild.model import MessageFlag, Payload, Reference, Upload

SETTABLE_FLAGS = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SILENT | MessageFlag.COMPONENTS_V2
"""What a sender may ask for; the rest are Discord's own marks."""

SLASH_NAME = re.compile(r"[-_'\w]{1,32}")
"""A slash command's name; those for messages and users may hold spaces and capitals."""

_Model = TypeVar("_Model", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class MentionsBody(_Body):
    """`allowed_mentions` of a message."""

    parse: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    replied_user: bool = False

    def value(self) -> AllowedMentions:
        """Return it as the world's value."""
        return AllowedMentions(self.parse, self.users, self.roles, self.replied_user)


class ReferenceBody(_Body):
    """`message_reference` of a message."""

    message_id: str
    channel_id: str | None = None
    fail_if_not_exists: bool = True


class FileBody(_Body):
    """One of `attachments`: a new file by its place in the upload, or an old one by its id."""

    id: str
    filename: str | None = None
    description: str | None = None


class MessageBody(_Body):
    """A message as bots send and edit it; what was not sent is not in `model_fields_set`."""

    content: str | None = None
    embeds: tuple[Payload, ...] | None = None
    components: tuple[Payload, ...] | None = None
    flags: int | None = None
    attachments: tuple[FileBody, ...] | None = None
    allowed_mentions: MentionsBody | None = None
    message_reference: ReferenceBody | None = None
    nonce: str | None = None
    enforce_nonce: bool = False

    def draft(self, channel_id: str, files: Sequence[Upload]) -> Draft:
        """Return it as a new message for a channel."""
        reference = self.message_reference
        return Draft(
            content=self.content or "",
            embeds=self.embeds or (),
            components=self.components or (),
            files=self._named(files),
            flags=MessageFlag(self.flags or 0) & SETTABLE_FLAGS,
            reply_to=Reference(channel_id, reference.message_id) if reference else None,
            strict_reply=reference.fail_if_not_exists if reference else True,
            allowed=self.allowed_mentions and self.allowed_mentions.value(),
            nonce=self.nonce,
            enforce_nonce=self.enforce_nonce,
        )

    def revision(self, files: Sequence[Upload]) -> Revision:
        """Return it as a change of a message: what was not sent stays."""
        sent = self.model_fields_set
        listed = {one.id for one in self.attachments or ()}
        return Revision(
            content=(self.content or "") if "content" in sent else KEEP,
            embeds=(self.embeds or ()) if "embeds" in sent else KEEP,
            components=(self.components or ()) if "components" in sent else KEEP,
            kept_files=tuple(listed) if "attachments" in sent else KEEP,
            files=self._named(files),
            flags=MessageFlag(self.flags or 0) if "flags" in sent else KEEP,
            allowed=self.allowed_mentions and self.allowed_mentions.value(),
        )

    def _named(self, files: Sequence[Upload]) -> tuple[Upload, ...]:
        listed = {one.id: one for one in self.attachments or ()}
        named: list[Upload] = []
        for index, file in enumerate(files):
            about = listed.get(str(index))
            name = about.filename if about and about.filename else file.name
            named.append(Upload(name, file.content, (about.description if about else None) or ""))
        return tuple(named)


class ThreadBody(_Body):
    """A thread to open; `message` is a forum post's first message."""

    name: str
    auto_archive_duration: int | None = None
    type: int = 12
    message: MessageBody | None = None


class ChannelBody(_Body):
    """A channel or thread to make or change; what was not sent is not in `model_fields_set`."""

    name: str | None = None
    type: int = 0
    topic: str | None = None
    rate_limit_per_user: int | None = None
    archived: bool | None = None
    locked: bool | None = None
    auto_archive_duration: int | None = None


class CallbackBody(_Body):
    """A bot's first answer to an interaction."""

    type: int
    data: Payload = Field(default_factory=dict)


class CommandBody(BaseModel):
    """A command to register; everything else in it is kept as it came."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1, max_length=32)
    description: str = Field(default="", max_length=100)
    type: CommandKind = CommandKind.SLASH
    options: tuple[Payload, ...] = Field(default=(), max_length=25)

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if self.type is CommandKind.SLASH:
            if SLASH_NAME.fullmatch(self.name) is None or self.name != self.name.lower():
                raise ValueError("Command name is invalid")
            if not self.description:
                raise ValueError("This field is required: description")
        elif self.description or self.options:
            raise ValueError("Context menu commands cannot have description or options")
        return self


def decode(model: type[_Model], body: object) -> _Model:
    """Decode a JSON body, or raise 50035 naming the field."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise ApiError(Code.INVALID_FORM, field=f"{place}: {first['msg']}") from error
