"""The commands as a whole: how many, in which words, and that docs/commands.md is what is there."""

import pytest

from bot.commands import COMMANDS, GROUPS
from bot.commands.help_view import command_view, shown_name
from bot.commands.spec import Command
from bot.commands_table import PAGE, main, page
from bot.components import MAX_CHOICES

MOST = 30
"""How many commands there may be: what is not found is not used."""

VERBS = {
    *("Allow", "Ask", "Become", "Branch", "Change", "Choose", "Compact", "Copy", "End", "Fork", "Go", "Let"),
    *("List", "Make", "Open", "Put", "Revoke", "Rewind", "Send", "Show", "Start", "Stop", "Summarise"),
    *("Replace", "Take", "Tell", "Turn", "Write"),
}


def test_the_commands_page_is_the_generated_one() -> None:
    """Mend with `python -m bot.commands_table --write`."""
    assert PAGE.read_text("utf-8") == page()


def test_every_command_and_option_is_on_the_page_with_who_may() -> None:
    text = page()
    for command in COMMANDS:
        assert f"| `{shown_name(command)}` | " in text
        for option in command.options:
            assert f"- `{option.name}` (" in text
    assert "| `/mode` | owners | in every room | " in text


def test_what_opens_a_thread_is_not_said_to_work_where_none_can_be_opened() -> None:
    """Both refuse in a direct message and inside a thread."""
    assert "| `/fork` | users | in a server's channels | " in page()
    assert "| `Fork from here` | users | on a message in a server's channels, by right click | " in page()
    for command in COMMANDS:
        assert ("not in threads or direct messages" in command_view(command).text) is command.opens_thread


def test_printing_the_page_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert capsys.readouterr().out == page()


def test_there_are_few_commands_and_each_is_described() -> None:
    assert len(COMMANDS) <= MOST
    for command in COMMANDS:
        for text in (command.description, *(option.description for option in command.options)):
            assert 1 <= len(text) <= 100, text
            assert text[0].isupper(), text
            assert not text.endswith((".", " ")), text
        for option in command.options:
            assert len(option.choices) <= MAX_CHOICES
            assert bool(option.choices) is (option.kind == "choice")


def test_each_name_is_one_command_s_and_each_command_has_one_topic() -> None:
    listed = [command for commands in GROUPS.values() for command in commands]
    assert listed == list(COMMANDS)
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        # A right click shows the name itself, so there it is a phrase.
        shown_well = command.name[0].isupper() if command.on_message else command.name.islower()
        assert shown_well, command.name
        assert len(command.name) <= 32


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.name)
def test_a_description_says_what_to_do_with_a_verb_first(command: Command) -> None:
    """One style for all: `Show ...`, `Start ...`. A new verb is added here, a noun is not."""
    assert command.description.split()[0] in VERBS
