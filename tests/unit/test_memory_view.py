"""A room's memory as it is shown: within a message, with a form where a form can hold it."""

import pytest

from bot.components import Menu
from bot.measure import units
from bot.memory_files import MemoryFile, short
from bot.memory_view import MODAL_UNITS, file_view, list_view, memory_modal, new_modal, not_saved
from sessions.beneath import Found
from tests.support.said_buttons import buttons_of


def found(name: str, size: int = 10) -> Found:
    return Found(name=name, is_file=True, size_bytes=size, changed_s=1.5)


def test_an_empty_memory_can_be_written() -> None:
    said = list_view([])
    assert "written nothing down" in said.text
    assert [button.label for button in buttons_of(said)] == ["New file…"]


def test_files_are_listed_with_size_and_a_menu_that_never_has_too_many() -> None:
    said = list_view([found("*a*.md", 2048), *(found(f"{'n' * 250}{i}", 5) for i in range(40))], "Saved.")
    assert said.text.startswith("Saved.\n**What")
    assert "- \\*a\\*.md · 2.0 KiB · <t:2:R>" in said.text
    assert "and 21 more" in said.text
    assert units(said.text) <= 2000
    [menu] = [row for row in said.rows if isinstance(row, Menu)]
    assert len(menu.choices) == 25
    assert all(len(choice.value) == 16 and len(choice.label) <= 100 for choice in menu.choices)


def test_a_short_file_is_shown_in_a_fence_that_it_cannot_close() -> None:
    said = file_view(MemoryFile("a.md", b"x\n```sh\nrm\n```\n"), sent=False)
    assert said.text == "**a.md**\n````md\nx\n```sh\nrm\n```\n````"
    assert [button.label for button in buttons_of(said)] == ["Edit…", "Back"]


@pytest.mark.parametrize("sent", [True, False])
def test_a_long_file_is_sent_or_shown_in_part(sent: bool) -> None:
    said = file_view(MemoryFile("a.md", "𝕏".encode() * 1500), sent=sent)
    assert units(said.text) <= 2000
    assert bool(said.files) is sent
    assert ("`/memory file:a.md` sends all of it" in said.text) is not sent


def test_only_what_a_form_can_hold_is_offered_for_editing() -> None:
    assert memory_modal(MemoryFile("a.md", b"x" * MODAL_UNITS)) is not None
    for content in (b"x" * (MODAL_UNITS + 1), "𝕏".encode() * (MODAL_UNITS // 2 + 1), b"\xff"):
        file = MemoryFile("a.md", content)
        assert memory_modal(file) is None
        assert [button.label for button in buttons_of(file_view(file, sent=False))] == ["Back"]


def test_a_form_knows_the_file_and_what_it_said() -> None:
    file = MemoryFile("n" * 250, b"x")
    modal = memory_modal(file)
    assert modal is not None
    assert modal.action == f"rk:mem:save:{short(file.name)}:{file.digest}"
    for one in (modal, new_modal()):
        assert len(one.action) <= 100
        assert len(one.title) <= 45
        assert all(len(field.label) <= 45 for field in one.fields)


def test_what_could_not_be_saved_is_given_back() -> None:
    said = not_saved("It changed.", "my text `````")
    assert said.text == "It changed. This is what you wrote:\n``````md\nmy text `````\n``````"
    assert units(not_saved("It changed.", "x" * 4000).text) <= 2000
    assert not_saved("It changed.", "").text == "It changed."
