"""Does what the page asks for in a person's name, and says in one sentence why not."""

from collections.abc import Awaitable, Mapping
from typing import assert_never

from bot.demo.guild.actors import Answer, Option, Person
from bot.demo.guild.errors import ApiError, Code, Refused, Unseen
from bot.demo.guild.interaction import Modal
from bot.demo.guild.limits import FILE_BYTES
from bot.demo.guild.model import Message, Payload
from bot.demo.guild.page_acts import (
    Act,
    Archive,
    Choose,
    Click,
    Delete,
    Dismiss,
    Edit,
    OpenDirect,
    OpenThread,
    PlaceRef,
    Post,
    React,
    Remove,
    Rename,
    Run,
    Say,
    Submit,
    Suggest,
    Typing,
    Use,
    UserRef,
)
from bot.demo.guild.page_acts import Option as SentOption
from bot.demo.guild.places import Place
from bot.demo.guild.server import OfflineGuild

SILENT = "The application did not respond."
SENTENCES: dict[Code, str] = {
    Code.EMPTY_MESSAGE: "There is nothing to send: write something or add a file.",
    Code.HAS_THREAD: "This message has a thread already.",
    Code.NOT_THE_AUTHOR: "Only who wrote a message can change it.",
    Code.NO_ACCESS: "You cannot see this place.",
    Code.NO_PERMISSION: "You may not do that here.",
    Code.CANNOT_DM_USER: "They take no direct messages.",
    Code.THREAD_ARCHIVED: "This thread is archived: write a message to wake it first.",
    Code.THREAD_LOCKED: "This thread is locked.",
    Code.TOO_LARGE: f"The file is too large: {FILE_BYTES // 2**20} MiB is the most.",
    Code.TOO_MANY_REACTIONS: "A message takes no more than 20 different reactions.",
    Code.UNKNOWN_CHANNEL: "This place was deleted.",
    Code.UNKNOWN_EMOJI: "That is no emoji.",
    Code.UNKNOWN_MESSAGE: "This message was deleted.",
}


class NotDone(Exception):
    """What was asked for did not happen; the text is a sentence for the person, `status` is HTTP's."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


async def perform(
    guild: OfflineGuild, person: Person, act: Act, files: Mapping[str, bytes], *, answer_within_s: float
) -> Payload:
    """Do what was asked for and return what the page needs to go on.

    Raises:
        NotDone: the client would not offer it, Discord does not allow it, or the bot did not answer in time.
    """
    try:
        return await _perform(guild, person, act, files, answer_within_s)
    except Refused as error:
        raise NotDone(_sentence(str(error)), 400) from error
    except ApiError as error:
        raise NotDone(_reason(error), error.status) from error
    except Unseen as error:
        raise NotDone(SILENT, 504) from error


async def _perform(
    guild: OfflineGuild, person: Person, act: Act, files: Mapping[str, bytes], within_s: float
) -> Payload:
    match act:
        case Say(place=place, text=text, reply_to=reply_to):
            replied = _message(guild, place, reply_to) if reply_to else None
            await person.says(text, guild.place(place), files=files, reply_to=replied)
        case Edit(place=place, message=message, text=text):
            await person.edits(_message(guild, place, message), text)
        case Delete(place=place, message=message):
            await person.deletes(_message(guild, place, message))
        case React(place=place, message=message, emoji=emoji, on=on):
            found = _message(guild, place, message)
            await (person.reacts(found, emoji) if on else person.unreacts(found, emoji))
        case Typing(place=place):
            await person.types(guild.place(place))
        case OpenThread(place=place, name=name, message=message):
            on_message = _message(guild, place, message) if message else None
            return {"place": (await person.opens_thread(guild.place(place), name, on=on_message)).id}
        case Post(place=place, title=title, text=text):
            return {"place": (await person.posts(guild.place(place), title, text, files=files)).id}
        case OpenDirect(bot=bot):
            return {"place": person.dm(guild.person(bot)).id}
        case Run(place=place, line=line, options=options):
            filled = _options(guild, options)
            await _answered(guild, person, person.runs(line, guild.place(place), timeout=within_s, **filled))
        case Use(place=place, message=message, command=command):
            found = _message(guild, place, message)
            await _answered(guild, person, person.uses(command, found, timeout=within_s))
        case Rename(place=place, name=name):
            await person.renames(guild.place(place), name)
        case Archive(place=place):
            await person.archives(guild.place(place))
        case Remove(place=place):
            await person.removes(guild.place(place))
        case Suggest():
            return {"rows": await _suggestions(guild, person, act, within_s)}
        case Click(place=place, message=message, custom_id=custom_id):
            found = _message(guild, place, message)
            await _answered(guild, person, person.clicks(found, custom_id=custom_id, timeout=within_s))
        case Choose(place=place, message=message, custom_id=custom_id, values=values):
            picked = [one if isinstance(one, str) else _ref(guild, one) for one in values]
            found = _message(guild, place, message)
            chosen = person.selects(found, *picked, custom_id=custom_id, timeout=within_s)
            await _answered(guild, person, chosen)
        case Submit(dialogue=dialogue, fields=fields):
            modal = _dialogue(guild, person, dialogue)
            await _answered(guild, person, person.submits(modal, fields, timeout=within_s))
        case Dismiss(dialogue=dialogue):
            await person.dismisses(_dialogue(guild, person, dialogue))
        case _:
            assert_never(act)
    return {}


async def _answered(guild: OfflineGuild, person: Person, using: Awaitable[Answer]) -> None:
    """Wait for a bot's answer; one that only said "is thinking" in time has answered, and may take long."""
    try:
        await using
    except Unseen:
        own = [one for one in guild.world.interactions.values() if one.user_id == person.id]
        if not own or own[-1].acknowledged is None:
            raise


async def _suggestions(guild: OfflineGuild, person: Person, act: Suggest, within_s: float) -> list[Payload]:
    options = _options(guild, act.options)
    place = guild.place(act.place)
    rows = await person.suggestions(act.line, place, focused=act.focused, timeout=within_s, **options)
    return [{"name": row.name, "value": row.value} for row in rows]


def _message(guild: OfflineGuild, place_id: str, message_id: str) -> Message:
    found = guild.world.messages.get(place_id, {}).get(message_id)
    if found is None:
        raise ApiError(Code.UNKNOWN_MESSAGE)
    return found


def _dialogue(guild: OfflineGuild, person: Person, dialogue_id: str) -> Modal:
    found = guild.world.modals.get(dialogue_id)
    if found is None or found.user_id != person.id:
        raise Refused("this dialogue is not open any more")
    return found


def _options(guild: OfflineGuild, sent: Mapping[str, SentOption]) -> dict[str, Option]:
    return {
        name: _ref(guild, one) if isinstance(one, UserRef | PlaceRef) else one for name, one in sent.items()
    }


def _ref(guild: OfflineGuild, ref: UserRef | PlaceRef) -> Person | Place:
    return guild.person(ref.user) if isinstance(ref, UserRef) else guild.place(ref.place)


def _reason(error: ApiError) -> str:
    if error.code is Code.SLOW_MODE and error.retry_after_s is not None:
        return f"Slow mode: you can write again in {max(1, round(error.retry_after_s))} s."
    if error.code is Code.INVALID_FORM and error.field:
        return _sentence(error.field)
    return SENTENCES.get(error.code) or _sentence(error.text)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
