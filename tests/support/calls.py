"""A use of a command by ann in a channel, as the gate hands it on."""

from collections.abc import Mapping
from typing import Any

from bot.access import Tier
from bot.chat import Person, Place
from bot.commands.spec import Call, Given
from tests.support.desk_rooms import KEY, Rooms
from tests.support.people import people

ANN = Person(id="7", name="ann")
CHANNEL = Place(platform="chat", channel_id="1", guild_id="77")


def called(
    rooms: Rooms, options: Mapping[str, Given] | None = None, *, tier: Tier = Tier.OWNER, **more: Any
) -> Call:
    """Return the use of a command with these options; `more` are other fields of a `Call`."""
    fields: dict[str, Any] = {"people": people(), "person": ANN, "place": CHANNEL, "id": 99, **more}
    return Call(rooms=rooms, key=KEY, tier=tier, source="chat:commands", options=options or {}, **fields)
