"""/permissions: what was allowed in this room for good, taken back with a button or exported."""

from typing import Final

from bot.access import Tier
from bot.chat import Person
from bot.commands.spec import Call, Command, Option, Rooms
from bot.components import FileOut
from bot.permissions_view import NONE, RuleClick, permissions_view, rule_name
from bot.render import plain
from bot.said import Clicked, Said, after
from sessions.keys import SessionKey
from sessions.permission_rules import as_settings, parse_rule

EXPORT_FILE: Final = "settings.json"

_EXPORTED: Final = (
    "These are this room's rules as settings of Claude Code. Put them into `.claude/settings.json` of a"
    " project to have them hold in a terminal, too; there a pattern may reach further than it does here."
)


async def _run(call: Call) -> Said:
    taught = await call.rooms.permissions.taught(call.key)
    if not call.flag("export"):
        return permissions_view(taught, call.tier)
    rules = [rule for one in taught if (rule := parse_rule(one.rule)) is not None]
    if not rules:
        return Said(NONE)
    return Said(_EXPORTED, files=(FileOut(EXPORT_FILE, as_settings(rules).encode()),))


async def press(click: RuleClick, rooms: Rooms, key: SessionKey, person: Person, tier: Tier) -> Clicked:
    """Do what a button under /permissions says, and show the rules as they are then.

    Whoever calls this has asked whether the person may.
    """
    note = aloud = deed = detail = ""
    if click.op == "revoke":
        taught = await rooms.permissions.taught(key)
        rule = next((one.rule for one in taught if rule_name(one.rule) == click.rule), None)
        if rule is not None and await rooms.permissions.revoke(key, rule):
            note, deed, detail = f"Revoked: `{rule}`. The agent asks again.", "revoke permission", rule
            aloud = f"-# {plain(person.name)} revoked a permission of this room: `{rule}`."
        else:
            note = "That one was revoked already."

    async def view() -> Said:
        return permissions_view(await rooms.permissions.taught(key), tier, click.page, note)

    return Clicked(await after(note, view()), aloud=aloud, deed=deed, detail=detail)


PERMISSIONS: Final = Command(
    name="permissions",
    description="Show what the agent may do in this room without asking; revoke or export it",
    tier=Tier.USER,
    run=_run,
    options=(Option(name="export", description="Get them as a settings file of the agent"),),
)
