"""What was said as plain text."""

from bot.demo.guild import messages, opening, reactions, transcript
from bot.demo.guild.drafts import Draft, Revision
from bot.demo.guild.model import MessageFlag, Upload
from tests.support.worlds import scene

CONTROLS = (
    {
        "type": 1,
        "components": [
            {"type": 2, "label": "Allow once", "custom_id": "a"},
            {"type": 2, "label": "Deny", "custom_id": "d", "disabled": True},
        ],
    },
    {"type": 1, "components": [{"type": 5, "custom_id": "who", "placeholder": "Who?"}]},
)


def test_a_transcript_shows_what_people_see_and_hides_what_changes_in_each_run():
    s = scene()
    world, ann, desk = s.world, s.ann.id, s.desk.id
    said = messages.post(world, ann, desk, Draft("hello", files=(Upload("a.txt", b"abc"),)))
    messages.post(world, s.robot.id, desk, Draft(f"<@{ann}> took 1.5 s, 20ms", components=CONTROLS))
    messages.edit(world, ann, desk, said.id, Revision("bye"))
    reactions.add(world, s.ben.id, desk, said.id, "👍")
    messages.post(world, s.robot.id, desk, Draft("psst", visible_to=ann))
    messages.post(world, s.robot.id, desk, Draft("", flags=MessageFlag.LOADING))
    messages.post(world, s.robot.id, desk, Draft("", embeds=({"title": "T", "description": "D"},)))
    opening.alone(world, ann, desk, "side room")
    assert transcript.of(world, desk).splitlines() == [
        "ann: bye (edited)",
        "  file a.txt (3 B)",
        "  👍 1",
        "robot: <@<id>> took <time>, <time>",
        "  [Allow once] [Deny off] <Who?>",
        "robot (only ann): psst",
        "robot: (is thinking)",
        "robot: T",
        "D",
        "ann: (opened the thread side room)",
    ]


def test_a_place_without_a_name_is_called_by_who_speaks_there():
    s = scene()
    assert transcript.place_name(s.world, s.desk) == "desk"
    assert transcript.place_name(s.world, s.world.dm(s.ann.id, s.robot.id)) == "ann and robot"
    assert transcript.of(s.world, "0") == ""
