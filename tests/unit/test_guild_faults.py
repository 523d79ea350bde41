"""The rules of what shall go wrong."""

from bot.demo.guild.faults import EventFault, Faults


def test_a_rule_holds_for_so_many_matching_requests():
    faults = Faults()
    faults.rest("POST", r"/messages$", times=2, status=500)
    assert faults.take_rest("GET", "/channels/1/messages") is None
    assert faults.take_rest("POST", "/channels/1/messages/2") is None
    taken = [faults.take_rest("POST", "/channels/1/messages") for _ in range(3)]
    assert [fault and fault.status for fault in taken] == [500, 500, None]


def test_rules_are_tried_oldest_first():
    faults = Faults()
    faults.rest("POST", "", status=503)
    faults.rest("POST|PATCH", "^/channels", status=429, via=False)
    first, second = (faults.take_rest("POST", "/channels/1/messages") for _ in range(2))
    assert (first and first.status, second and second.status, second and second.via) == (503, 429, False)


def test_events_have_rules_of_their_own():
    faults = Faults()
    faults.event("^MESSAGE_CREATE$", copies=2)
    faults.rest("GET", "")
    assert faults.take_event("MESSAGE_UPDATE") is None
    assert faults.take_event("MESSAGE_CREATE") == EventFault(copies=2)
    assert faults.left() == 1
    faults.clear()
    assert faults.left() == 0
