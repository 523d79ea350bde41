"""What became of every message, judged by what stands in the guild and by the agents' own records. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.demo.guild.model import Message
from tests.campaign.bench import ALPHA, ID, OMEGA

Kind = Literal["quick", "slow", "tool", "long"]

_STATUS: Final = re.compile(r"-# (.* · )?\d+ (s|min|h)( \d+ (s|min))?$")
_PARTIAL: Final = "-# Not finished"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person. `room` names the session that has to answer it."""

    number: int
    kind: Kind
    message: Message
    room: str


@dataclass(slots=True)
class Verdict:
    """How many messages came to which end, and what was found wrong, in words."""

    said: int = 0
    answered: int = 0
    told: int = 0
    clicked: int = 0
    deleted: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    mixed: int = 0
    stuck: int = 0
    findings: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _Seen:
    """What stands in the guild about each message, by its number."""

    begins: Counter[int] = field(default_factory=Counter[int])
    ends: Counter[int] = field(default_factory=Counter[int])
    told: Counter[int] = field(default_factory=Counter[int])
    order: dict[str, list[int]] = field(default_factory=dict[str, list[int]])


def judge(
    said: Sequence[Said],
    standing: Iterable[Message],
    *,
    clicks: Mapping[int, int],
    runs: Mapping[str, Sequence[str]],
    deleted: Collection[int] = (),
    stuck_channels: Iterable[str] = (),
) -> Verdict:
    """Judge a world in which everything has come to its end.

    `standing` are the bot's messages, oldest first. `clicks` counts how often a person asked for another
    run of a message. `runs` are the prompts that agents worked on to the end, by room. One of `deleted` may
    have no answer. A message in one of `stuck_channels`, where nothing is answered any more, is stuck and
    not lost.
    """
    verdict = Verdict(said=len(said), clicked=len(clicks), deleted=len(deleted))
    stuck = set(stuck_channels)
    by_number = {one.number: one for one in said}
    seen = _read(by_number, standing, verdict)
    for one in said:
        is_stuck = one.message.channel_id in stuck
        if one.number not in deleted or seen.begins[one.number]:
            _judge_one(one, seen, verdict, clicks.get(one.number, 0), is_stuck=is_stuck)
    for channel_id, numbers in seen.order.items():
        _judge_order(channel_id, [n for n in numbers if n not in clicks], verdict)
    _judge_runs(by_number, runs, clicks, verdict)
    return verdict


def is_live(message: Message) -> bool:
    """Whether a message claims that somebody is at work: its last line is a status line."""
    return _STATUS.match(message.content.rsplit("\n", 1)[-1]) is not None


def numbers_in(text: str) -> list[int]:
    """Return the content ids that stand in a text, in order."""
    return [int(number) for number in ID.findall(text)]


def _read(by_number: Mapping[int, Said], standing: Iterable[Message], verdict: Verdict) -> _Seen:
    seen = _Seen()
    by_message = {one.message.id: number for number, one in by_number.items()}
    for message in standing:
        asked = by_message.get((message.reference and message.reference.message_id) or "")
        text, numbers = message.content, numbers_in(message.content)
        if is_live(message):
            verdict.stuck += 1
            verdict.findings.append(f"stuck: a live message still stands: {text!r:.120}")
        elif (ALPHA in text.split() or OMEGA in text) and not text.startswith(_PARTIAL):
            # What was asked stands last in a prompt, behind whatever the agent is told besides.
            number = numbers[-1] if numbers else asked
            if number is None or _is_mixed(by_number, number, asked, message, numbers):
                verdict.mixed += 1
                verdict.findings.append(f"mixed: in {message.channel_id}, under id{asked}: {text!r:.120}")
                continue
            if ALPHA in text.split():
                seen.begins[number] += 1
                seen.order.setdefault(message.channel_id, []).append(number)
            seen.ends[number] += OMEGA in text
        elif asked is not None:
            seen.told[asked] += 1
    return seen


def _is_mixed(
    by_number: Mapping[int, Said], number: int, asked: int | None, message: Message, numbers: Sequence[int]
) -> bool:
    answered = by_number.get(number)
    if answered is None or answered.message.channel_id != message.channel_id:
        return True
    foreign = any(other not in by_number or by_number[other].room != answered.room for other in numbers)
    return foreign or asked not in (None, number)


def _judge_one(one: Said, seen: _Seen, verdict: Verdict, clicks: int, *, is_stuck: bool) -> None:
    begins, ends = seen.begins[one.number], seen.ends[one.number]
    if max(begins, ends) > 1 + clicks:
        verdict.doubled += 1
        verdict.findings.append(f"doubled: id{one.number}; has {begins} beginnings and {ends} ends")
    elif begins and ends:
        verdict.answered += 1
    elif seen.told[one.number] and not begins:
        verdict.told += 1
    elif is_stuck:
        verdict.stuck += 1
        verdict.findings.append(f"stuck: id{one.number}; in {one.message.channel_id}")
    else:
        verdict.lost += 1
        verdict.findings.append(
            f"lost: {one.message.content!r} in {one.message.channel_id} has {begins} beginnings, {ends} ends"
        )


def _judge_order(channel_id: str, numbers: Sequence[int], verdict: Verdict) -> None:
    newest = -1
    for number in numbers:
        if number < newest:
            verdict.disordered += 1
            verdict.findings.append(f"out of order: id{number}; behind id{newest}; in {channel_id}")
        newest = max(newest, number)


def _judge_runs(
    by_number: Mapping[int, Said],
    runs: Mapping[str, Sequence[str]],
    clicks: Mapping[int, int],
    verdict: Verdict,
) -> None:
    worked = Counter[int]()
    for room, prompts in runs.items():
        for prompt in prompts:
            numbers = numbers_in(prompt)
            if any(number not in by_number or by_number[number].room != room for number in numbers):
                verdict.mixed += 1
                verdict.findings.append(f"mixed: room {room} was asked {prompt!r:.120}")
            worked.update(numbers[-1:])
    for number, count in worked.items():
        has_effects = number in by_number and by_number[number].kind == "tool"
        if has_effects and count > 1 + clicks.get(number, 0):
            verdict.doubled += 1
            verdict.findings.append(f"doubled: a tool ran {count} times for id{number};")
