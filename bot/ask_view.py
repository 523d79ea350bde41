"""The cards of permissions and plans: text, buttons and files, so that nothing decisive is hidden. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.ask_text import detail_of, fenced, shown
from bot.components import Button, FileOut
from bot.durations import ago
from bot.footer import short_path
from bot.measure import last_cut, reach, units
from bot.open_asks import CardView, short_name
from bot.render import clean, pieces, plain, shortened
from sessions.events import Ask, PermissionAsk, PlanAsk, QuestionAsk
from sessions.keys import TurnId
from sessions.permission_rules import parse_rule

REQUEST_FILE: Final = "request.txt"
PLAN_FILE: Final = "plan.md"

_TITLE_UNITS: Final = 120
_EXPIRY_UNITS: Final = 200
"""Kept free on a card, for what it says in the end if its process is gone."""
_NOT_WHOLE: Final = "-# ⚠ Not all of this can be shown here, so it can only be denied."
_MASKED: Final = "-# A secret in it is masked here."
_KEPT_UNITS: Final = 1500
"""How much of an approved plan stays on its card."""

_NO_PLAN: Final = "(The agent wrote no plan.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a card stands: `limit` is a message's, `until` when it is too late to answer.

    `file_bytes` is how large a file may be there, 0 for none at all.
    """

    limit: int
    until: datetime
    workdir: str = ""
    asked_by: str | None = None
    file_bytes: int = 0


def permission_view(turn: TurnId, ask: PermissionAsk, scene: Scene) -> CardView:
    """Return the card of a permission request: the tool and all that it was given.

    What does not fit goes along as a file. What cannot be shown whole cannot be allowed.
    """
    detail = detail_of(ask.arguments)
    text = detail.text or shown(ask.title) or ask.tool
    head, small = (
        f"**{plain(ask.tool)}** needs your permission:\n",
        foot(scene, "closes {}: no answer means no"),
    )
    is_whole, files = detail.is_whole and not ask.is_cut, ()
    body = fenced(text, detail.language)
    notes = [_MASKED] if ask.is_masked and not ask.is_cut else []
    limit = scene.limit - _EXPIRY_UNITS
    if units("\n".join([f"{head}{body}", *notes, _NOT_WHOLE, small])) > limit:
        content = text.encode("utf-8", "replace")
        is_whole &= len(content) <= scene.file_bytes
        if is_whole:
            files = (FileOut(REQUEST_FILE, content),)
            notes.append(f"-# This is only the beginning: all of it is in `{REQUEST_FILE}`.")
        room = limit - units("\n".join([f"{head}{fenced('…', detail.language)}", *notes, _NOT_WHOLE, small]))
        body = fenced(_begun(text, room), detail.language)
    if not is_whole:
        notes.append(_NOT_WHOLE)
    return CardView(
        "\n".join([f"{head}{body}", *notes, small]),
        (permission_buttons(turn, ask, may_allow=is_whole),),
        files,
    )


def permission_buttons(turn: TurnId, ask: PermissionAsk, *, may_allow: bool) -> tuple[Button, ...]:
    """Return the choices under a request."""
    allow = [Button(label="Allow once", action=action("allow", turn, ask), style="good")]
    rule = parse_rule(ask.rule)
    if rule is not None:
        what = rule.pattern if rule.tool == "Bash" else f"{rule.tool} {rule.pattern}".strip()
        allow.append(Button(label=f"Always here ({what})", action=action("always", turn, ask)))
    return (
        *(allow if may_allow else ()),
        Button(label="Deny", action=action("deny", turn, ask), style="danger"),
        Button(label="Deny with a reason", action=action("why", turn, ask)),
    )


def plan_view(turn: TurnId, ask: PlanAsk, scene: Scene) -> CardView:
    """Return the card of a plan: the plan itself, as a file if it is long."""
    head, small = "**Shall I do this?**\n", foot(scene, "closes {}: no answer means no")
    plan = clean(ask.plan).strip() or _NO_PLAN
    is_whole, files, notes = True, (), list[str]()
    room = scene.limit - units(f"{head}\n{_NOT_WHOLE}\n{small}\n") - _EXPIRY_UNITS
    parts = pieces(plan[: 4 * room], room)  # only the first is shown, and a plan may be a megabyte
    if len(parts) > 1:
        content = plan.encode("utf-8", "replace")
        is_whole = len(content) <= scene.file_bytes
        if is_whole:
            files = (FileOut(PLAN_FILE, content),)
            notes.append(f"-# This is only the beginning: all of it is in `{PLAN_FILE}`.")
        else:
            notes.append(_NOT_WHOLE)
    approve = (
        Button(label="Approve and accept edits", action=action("edits", turn, ask), style="good"),
        Button(label="Approve, ask for each", action=action("allow", turn, ask), style="primary"),
    )
    keep = Button(label="Keep planning", action=action("keep", turn, ask))
    row = (*(approve if is_whole else ()), keep)
    return CardView("\n".join([f"{head}{parts[0]}", *notes, small]), (row,), files)


def action(op: str, turn: TurnId, ask: PermissionAsk | PlanAsk) -> str:
    """Return what a button says; all of it outlives a restart."""
    return f"rk:{op}:{turn}:{short_name(ask.id)}:{ask.fingerprint}".removesuffix(":")


def closed_line(ask: Ask, verdict: str) -> str:
    """Return the one line that a card becomes when its ask is over."""
    match ask:
        case PermissionAsk(tool=tool, title=title):
            what = f"{plain(tool)}: {plain(shortened(title, _TITLE_UNITS))}"
        case PlanAsk():
            what = "The plan"
        case QuestionAsk(questions=questions):
            what = plain(shortened(questions[0].text, _TITLE_UNITS)) if questions else "A question"
    return f"-# {what} · {verdict}"


def approved_text(ask: PlanAsk, verdict: str) -> str:
    """Return what the card of an approved plan becomes: it stays to be read, below who approved it."""
    parts = pieces((clean(ask.plan).strip() or _NO_PLAN)[: 4 * _KEPT_UNITS], _KEPT_UNITS)
    more = "\n-# This is its beginning; the agent has all of it." if len(parts) > 1 else ""
    return f"{closed_line(ask, verdict)}\n{parts[0]}{more}"


def expired_view(turn: TurnId, ask: Ask, card: CardView) -> CardView:
    """Return what a card becomes when the process that asked is gone; a question survives as text.

    It still shows all that a yes would allow: as one line if that holds it, else as `card` did. What that
    did not offer to allow is not offered here; without a text it was never seen.
    """
    if isinstance(ask, QuestionAsk):
        return CardView(
            f"{closed_line(ask, 'Roomkey was restarted before anybody answered')}\n"
            "-# If its turn goes on, the agent asks again."
        )
    buttons = [button for row in card.rows if isinstance(row, tuple) for button in row]
    allow = action("allow", turn, ask)
    may_allow = bool(card.text) and any(button.action == allow for button in buttons)
    said, _, _ = card.text.rpartition("\n")
    if not said or _fits_a_line(ask):
        said = closed_line(ask, "expired: Roomkey was restarted before anybody answered")
    else:
        said += "\n-# This expired: Roomkey was restarted before anybody answered."
    means = "Allow lets its turn go on, and answers when the same is asked again. Deny drops the turn."
    row = (
        Button(label="Allow and continue", action=allow, style="good"),
        Button(label="Deny and drop", action=action("deny", turn, ask), style="danger"),
    )
    if may_allow:
        return CardView(f"{said}\n-# {means}", (row,))
    return CardView(f"{said}\n-# It can only be denied here, which drops the turn.", (row[1:],))


def _fits_a_line(ask: PermissionAsk | PlanAsk) -> bool:
    """Whether the one line about an ask holds all of it: its only argument, uncut, and nothing hidden."""
    if isinstance(ask, PlanAsk):
        return False
    is_all = list(ask.arguments.values()) in ([], [ask.title])
    return is_all and shortened(shown(ask.title), _TITLE_UNITS) == ask.title


def unshown_view(scene: Scene) -> CardView:
    """Return what stands for a card that the chat does not keep: that something is asked, in our words."""
    until = ago(scene.until)
    return CardView(
        "**The agent waits for an answer**, but the message that asks for it was refused by Discord, or"
        " deleted again and again. Use `/status` here: it shows what is asked, with its buttons."
        f"\n-# Closes {until}: no answer means no."
    )


def foot(scene: Scene, until: str) -> str:
    """Return the small line under a card: who asked, where, and until when it is open ({} in `until`)."""
    parts = [
        f"asked by {plain(shortened(scene.asked_by, 64))}" if scene.asked_by else "",
        f"in {short_path(scene.workdir)}" if scene.workdir else "",
        until.format(ago(scene.until)),
    ]
    return f"-# {' · '.join(filter(None, parts))}"


def _begun(text: str, room: int) -> str:
    """Return the beginning of a text that fits a code block of that many units, with a sign of the cut."""
    begun = text[: reach(text, 0, max(1, room))]
    # Each three backticks grow by one sign in a code block.
    while begun and units(fenced(begun)) - units(fenced("")) > room:
        begun = begun[: last_cut(begun, 0, len(begun) - 1 - len(begun) // 20)]
    return f"{begun}…"
