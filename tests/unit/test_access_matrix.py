"""Every way in x everybody who might come: each cell is asserted, and no way in can be forgotten.

The rows come from `COMMANDS`, from the kinds of clicks and from what the client listens to: whatever is added
there without a tier, or without a row here, fails.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Final, get_args

import pytest

from bot.access import Needs, Rules, Tier
from bot.approvals import AskClick
from bot.chat import Incoming, Person, Place
from bot.clicks import Click
from bot.commands import COMMANDS
from bot.commands.about import AboutClick
from bot.commands.config import ConfigClick
from bot.commands.config import Op as ConfigOp
from bot.commands.help_view import HelpClick
from bot.commands.memory import MemoryClick
from bot.commands.memory import Op as MemoryOp
from bot.commands.spec import Command
from bot.components import Modal
from bot.desk import Desk
from bot.gate import Gate
from bot.interruptions import CutClick
from bot.open_asks import OpenAsks, short_name
from bot.past_view import Op as PastOp
from bot.past_view import PastClick
from bot.permissions_view import RuleClick
from bot.questions import PickClick
from bot.queue_view import Op, QueueClick
from bot.said import Clicked, Said
from bot.stop_button import StopClick
from sessions.ask_events import Option, PermissionAsk, Question, QuestionAsk
from sessions.errors import NotAllowed, UserError
from sessions.keys import TurnId, session_key
from sessions.store.values import Prompt, Settle
from tests.support.desk_rooms import Rooms, turn
from tests.support.past_rooms import past_session
from tests.support.people import people

GUILD, OTHER_GUILD = "77", "78"
PLACES: Final = {
    "channel": Place(platform="chat", channel_id="20", guild_id=GUILD),
    "thread": Place(platform="chat", channel_id="30", guild_id=GUILD, parent_id="20"),
    "listen": Place(platform="chat", channel_id="10", guild_id=GUILD),
    "abroad": Place(platform="chat", channel_id="50", guild_id=OTHER_GUILD),
    "direct": Place(platform="chat", channel_id="40", guild_id=None),
}
HOME = ("channel", "thread", "listen")
RULES = Rules(
    users=frozenset({"1", "2"}),
    roles=frozenset({"900"}),
    guilds=frozenset({GUILD}),
    operators=frozenset({"3"}),
    operator_roles=frozenset({"901"}),
    owners=frozenset({"4"}),
    shared=frozenset({"10"}),
    user_grants={
        "5": {"20": Tier.OPERATOR},
        "6": {"": Tier.USER},
        "7": {GUILD: Tier.OPERATOR},
        "2": {"": None},
        "1": {OTHER_GUILD: None},
    },
    role_grants={"902": {"20": Tier.USER}, "903": {GUILD: None}},
)


@dataclass(frozen=True)
class Actor:
    """Somebody, and what they are in each place; None for nothing. `at` outranks the others."""

    person: Person
    home: Tier | None = None
    direct: Tier | None = None
    abroad: Tier | None = None
    at: Mapping[str, Tier | None] | None = None

    def tier(self, place: str) -> Tier | None:
        if self.at is not None and place in self.at:
            return self.at[place]
        return {"direct": self.direct, "abroad": self.abroad}.get(place, self.home)


def somebody(number: str, *roles: str, is_bot: bool = False) -> Person:
    return Person(id=number, name=f"n{number}", role_ids=frozenset({GUILD, *roles}), is_bot=is_bot)


ACTORS: Final = {
    "stranger": Actor(somebody("99")),
    "user": Actor(somebody("1"), home=Tier.USER, direct=Tier.USER),
    "user who is denied": Actor(somebody("2")),
    "operator": Actor(somebody("3"), home=Tier.OPERATOR, direct=Tier.OPERATOR),
    "owner": Actor(somebody("4"), home=Tier.OWNER, direct=Tier.OWNER, abroad=Tier.OWNER),
    "with a listed role": Actor(somebody("98", "900"), home=Tier.USER),
    "with an operators' role": Actor(somebody("97", "901"), home=Tier.OPERATOR),
    "with a role that was allowed here": Actor(
        somebody("96", "902"), at={"channel": Tier.USER, "thread": Tier.USER}
    ),
    "with a role that was denied": Actor(somebody("95", "900", "903")),
    "operator of one channel": Actor(somebody("5"), at={"channel": Tier.OPERATOR, "thread": Tier.OPERATOR}),
    "allowed everywhere": Actor(somebody("6"), home=Tier.USER, direct=Tier.USER),
    "operator of the guild": Actor(somebody("7"), home=Tier.OPERATOR, at={"listen": Tier.USER}),
    "another bot": Actor(somebody("94", "900", is_bot=True)),
    "a bot with an owner's id": Actor(somebody("4", is_bot=True)),
}
CELLS: Final = [(who, where) for who in ACTORS for where in PLACES]
TURN = TurnId(5)
ASK = PermissionAsk(id="a1", tool="Bash", title="ls", rule="Bash(ls *)")
QUESTION = QuestionAsk(id="a2", questions=(Question(text="Which?", options=(Option(label="A"),)),))


def desk(asked_by: Person) -> tuple[Desk, "RoomsOfAll"]:
    """A desk with a turn of somebody's in every room: it runs, asks, waits and was interrupted at once."""
    one = turn(TURN)
    one = replace(one, prompt=Prompt(text="x", author_id=asked_by.id, author_name=asked_by.name))
    rooms, asks = RoomsOfAll(runs=True, running=one, waiting=[one]), OpenAsks()
    asks.add(TURN, ASK)
    asks.add(TURN, QUESTION)
    gate = Gate(people=people(RULES), listen_channels={"10"}, reply_to=lambda _: "all")
    return Desk(gate=gate, rooms=rooms, asks=asks), rooms


class RoomsOfAll(Rooms):
    """The one turn is of whatever room it is looked for in."""

    key = session_key("room")

    async def turn(self, turn: TurnId) -> Any:
        return replace(self.running, key=self.key) if self.running else None


def message(actor: Actor, place: Place, **more: Any) -> Incoming:
    return Incoming(place=place, person=actor.person, message_id=99, text="hi", names_bot=True, **more)


async def test_messages() -> None:
    wrong: list[tuple[str, str]] = []
    for who, where in CELLS:
        actor, (it, rooms) = ACTORS[who], desk(ACTORS["stranger"].person)
        taken = await it.take(message(actor, PLACES[where])) is not None
        # What is declined is what /why reads.
        kept = (len(rooms.rows), len(rooms.declined)) == (taken, not taken)
        if taken is not (actor.tier(where) is not None) or not kept:
            wrong.append((who, where))
    assert wrong == []


async def test_edits() -> None:
    wrong: list[tuple[str, str]] = []
    for who, where in CELLS:
        actor, (it, rooms) = ACTORS[who], desk(ACTORS["stranger"].person)
        editing = it.edit(message(actor, PLACES[where]))
        if editing is not None:
            await editing
        changed = any(prompt is not None for _, _, prompt in rooms.touched)
        if changed is not (actor.tier(where) is not None):
            wrong.append((who, where))
    assert wrong == []


@pytest.mark.parametrize("where", PLACES)
async def test_webhooks_and_system_messages(where: str) -> None:
    """They carry the id of whoever they like, and are nobody's word."""
    for actor in ACTORS.values():
        it, rooms = desk(actor.person)
        assert await it.take(message(actor, PLACES[where], ordinary=False)) is None
        assert not rooms.rows


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.name)
async def test_commands(command: Command) -> None:
    wrong: list[tuple[str, str]] = []
    for who, where in CELLS:
        actor, (it, rooms) = ACTORS[who], desk(ACTORS["stranger"].person)
        tier, needs = actor.tier(where), command.tier
        if command.name == "stop":
            needs = Tier.OPERATOR  # what runs is somebody else's
        refused = await is_refused(it.interactions.call(command, actor.person, PLACES[where], 1, {}))
        done = bool(rooms.rows or rooms.stopped)
        if refused is (tier is not None and tier >= needs) or (refused and done):
            wrong.append((who, where))
    assert wrong == []


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.form], ids=lambda one: one.name)
async def test_forms_of_commands(command: Command) -> None:
    wrong: list[tuple[str, str]] = []
    for who, where in CELLS:
        actor, (it, _) = ACTORS[who], desk(ACTORS["stranger"].person)
        on = message(actor, PLACES[where])
        form = it.interactions.form(command, actor.person, PLACES[where], 1, {}, on)
        assert form is not None
        tier = actor.tier(where)
        if await is_refused(form) is (tier is not None and tier >= command.tier):
            wrong.append((who, where))
    assert wrong == []


CLICKS: Final[dict[str, tuple[Click, Tier, Tier]]] = {
    "allow": (AskClick("allow", TURN, short_name("a1")), Tier.USER, Tier.OPERATOR),
    **{
        f"ask {op}": (AskClick(op, TURN, short_name("a1")), Tier.USER, Tier.OPERATOR)
        for op in ("deny", "edits", "why", "keep", "no")
    },
    "ask always": (AskClick("always", TURN, short_name("a1")), Tier.OWNER, Tier.OWNER),
    "pick": (PickClick(TURN, short_name("a2"), 0, "0"), Tier.USER, Tier.OPERATOR),
    "rule show": (RuleClick("show"), Tier.USER, Tier.USER),
    "rule revoke": (RuleClick("revoke", 0, "0" * 16), Tier.OWNER, Tier.OWNER),
    **{
        f"settle {how}": (CutClick(how, TURN), Tier.USER, Tier.OPERATOR)
        for how in Settle
        if how is not Settle.ASK
    },
    "stop": (StopClick(TURN), Tier.USER, Tier.OPERATOR),
    "queue show": (QueueClick(Op.SHOW), Tier.USER, Tier.USER),
    "queue remove": (QueueClick(Op.REMOVE, 0, TURN), Tier.USER, Tier.OPERATOR),
    "queue up": (QueueClick(Op.UP, 0, TURN), Tier.OPERATOR, Tier.OPERATOR),
    "queue first": (QueueClick(Op.FIRST, 0, TURN), Tier.OPERATOR, Tier.OPERATOR),
    "queue clear": (QueueClick(Op.CLEAR), Tier.OPERATOR, Tier.OPERATOR),
    "queue empty": (QueueClick(Op.EMPTY), Tier.OPERATOR, Tier.OPERATOR),
    "queue pause": (QueueClick(Op.PAUSE), Tier.OPERATOR, Tier.OPERATOR),
    "queue resume": (QueueClick(Op.RESUME), Tier.OPERATOR, Tier.OPERATOR),
    "config show": (ConfigClick(ConfigOp.SHOW), Tier.USER, Tier.USER),
    "config pick": (ConfigClick(ConfigOp.PICK, "model"), Tier.USER, Tier.USER),
    **{
        f"config {op} {name}": (ConfigClick(op, name, value), tier, tier)
        for op in (ConfigOp.TO, ConfigOp.UNSET, ConfigOp.FILL, ConfigOp.TEXT)
        for name, value, tier in (
            ("display", "all", Tier.OPERATOR),
            ("model", "large", Tier.OPERATOR),
            ("permission_mode", "plan", Tier.OWNER),
            ("prompt", "be kind", Tier.OWNER),
        )
    },
    **{f"memory {op}": (MemoryClick(op, "0" * 16), Tier.OPERATOR, Tier.OPERATOR) for op in MemoryOp},
    **{
        f"past {op}": (PastClick(op, 0, past_session(1).ref), tier, tier)
        for op, tier in (
            (PastOp.SHOW, Tier.USER),
            (PastOp.PICK, Tier.USER),
            (PastOp.RESUME, Tier.OPERATOR),
            (PastOp.EXPORT, Tier.OPERATOR),
            (PastOp.ASK, Tier.OPERATOR),
            (PastOp.DELETE, Tier.OPERATOR),
        )
    },
    "help": (HelpClick(1), Tier.USER, Tier.USER),
    "about": (AboutClick(99, 1, "why?"), Tier.USER, Tier.USER),
}
"""Each click with the tier that it takes of whoever asked for the turn, and of everybody else."""


@pytest.mark.parametrize("theirs", [True, False], ids=["own turn", "another's turn"])
@pytest.mark.parametrize("click", CLICKS)
async def test_clicks(click: str, theirs: bool) -> None:
    made, own, others = CLICKS[click]
    wrong: list[tuple[str, str]] = []
    for who, where in CELLS:
        actor = ACTORS[who]
        it, rooms = desk(actor.person if theirs else somebody("1000"))
        rooms.key = session_key("default" if where == "listen" else PLACES[where].channel_id)
        tier = actor.tier(where)
        refused = await is_refused(it.interactions.click(made, actor.person, PLACES[where]))
        done = bool(rooms.decided or rooms.settled or rooms.paused or rooms.stopped or not rooms.waiting)
        done = done or bool(rooms.rows or rooms.past.deleted)
        done = done or "room" in rooms.words.explained(rooms.key)[1].values()
        may = tier is not None and tier >= (own if theirs else others)
        if refused is may or (refused and done):
            wrong.append((who, where))
    assert wrong == []


async def is_refused(doing: Awaitable[Said | Clicked | Modal | None]) -> bool:
    try:
        await doing
    except NotAllowed:
        return True
    except UserError:  # it was let in, and then missed something
        pass
    return False


def test_every_kind_of_click_has_a_row() -> None:
    rows = [made for made, _, _ in CLICKS.values()]
    for kind in get_args(Click):
        assert isinstance(kind.needs, property), f"{kind.__name__} does not say what it takes"
        assert any(isinstance(made, kind) for made in rows), kind
    for op in Op:
        assert isinstance(QueueClick(op).needs, Needs)
        assert any(isinstance(made, QueueClick) and made.op is op for made in rows), op
    for made, own, others in CLICKS.values():
        assert made.needs == Needs(own, others=others)


def test_no_command_is_made_without_a_tier() -> None:
    [tier] = [one for one in fields(Command) if one.name == "tier"]
    assert tier.default is MISSING
    assert tier.default_factory is MISSING
    build: Any = Command
    with pytest.raises(TypeError, match="tier"):
        build(name="new", description="A new command", run=COMMANDS[0].run)
    with pytest.raises(TypeError):
        Needs(Tier.USER)  # type: ignore[call-arg] - what others need must be said, too


def test_each_command_has_the_tier_that_was_decided() -> None:
    """Written by hand, so that a change of one is a change of this line."""
    by_tier = {tier: {one.name for one in COMMANDS if one.tier is tier} for tier in Tier}
    assert by_tier == {
        Tier.STRANGER: {"pair"},
        Tier.USER: {
            "status",
            "queue",
            "why",
            "stop",
            "who",
            "help",
            "config",
            "sessions",
            "fork",
            "context",
            "btw",
            "permissions",
        }
        | {"Ask about this", "Fork from here", "Why no answer"},
        Tier.OPERATOR: {
            "reset",
            "new",
            "resume",
            "rewind",
            "compact",
            "model",
            "effort",
            "display",
            "memory",
        },
        Tier.OWNER: {"allow", "deny", "cwd", "mode", "prompt"},
    }
