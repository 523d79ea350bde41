"""What can be set for a room: the nearest word counts, and it is known who said it."""

import pytest
from pydantic import ValidationError

from sessions.room_settings import Layer, RoomSettings, resolved


def test_where_nobody_says_anything_the_defaults_hold() -> None:
    assert resolved([]) == (RoomSettings(), {})


def test_the_nearest_word_counts_and_its_origin_is_known() -> None:
    room = Layer("room", {"display": "all", "model": None})
    channel = Layer("channel", {"display": "off", "model": "small"})
    settings, origins = resolved([room, channel, Layer("everywhere", {"footer": "full"})])
    assert (settings.display, settings.model, settings.footer) == ("all", "small", "full")
    assert origins == {"display": "room", "model": "channel", "footer": "everywhere"}


def test_an_unknown_name_and_a_wrong_value_are_refused() -> None:
    for values in ({"colour": "red"}, {"display": "loud"}):
        with pytest.raises(ValidationError):
            resolved([Layer("room", values)])
