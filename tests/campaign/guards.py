"""The guard-removal check: each guard is taken out in turn, and the test named for it has to go red."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.campaign.warm_pytest import WarmPytest, warm_pytest


@dataclass(frozen=True, slots=True)
class Guard:
    """What holds a promise, by the name under which it can be taken out, and the test that notices."""

    name: str
    test: str


GUARDS: Final = (
    Guard("authorize", "tests/unit/test_access_matrix.py::test_messages"),
    Guard(
        "asked again",
        "tests/unit/test_still_may.py::test_a_prompt_runs_if_its_author_may_speak_now",
    ),
    Guard("dedupe", "tests/contract/test_store_accepting.py::test_a_known_id_is_not_new"),
    Guard("one running turn", "tests/contract/test_store_lanes.py::test_a_second_running_turn_is_refused"),
    Guard(
        "nonce",
        "tests/integration/test_client_messages.py::test_an_answer_is_shown_once_whatever_happens_on_the_way",
    ),
    Guard("fence", "tests/contract/test_store_lanes.py::test_an_old_epoch_is_fenced"),
    Guard(
        "ticket before await",
        "tests/integration/test_client_messages.py::"
        "test_two_hundred_messages_at_once_are_answered_in_their_order",
    ),
    Guard(
        "generation",
        "tests/contract/test_store_sessions.py::"
        "test_a_late_change_of_an_old_generation_is_dropped_and_its_words_are_not",
    ),
    Guard(
        "outbox retry",
        "tests/unit/test_outbox.py::test_a_channel_that_fails_is_tried_again_later_and_holds_up_no_other",
    ),
    Guard(
        "catch-up cursor",
        "tests/integration/test_catch_up.py::"
        "test_what_is_said_while_the_bot_does_not_run_is_answered_once_in_order",
    ),
    Guard("masks", "tests/contract/test_ports.py::test_no_text_leaves_by_any_method_with_a_secret_in_it"),
    Guard(
        "held back",
        "tests/unit/test_redacted_events.py::test_a_secret_that_grows_is_never_shown_in_part",
    ),
    Guard(
        "allowed mentions",
        "tests/integration/test_client_messages.py::test_what_an_agent_writes_pings_nobody",
    ),
    Guard("no links", "tests/unit/test_beneath.py::test_a_link_is_not_read_wherever_it_stands"),
    Guard("seal", "tests/unit/test_prompts.py::test_nobody_can_forge_a_line_of_ours"),
    Guard(
        "public addresses",
        "tests/unit/test_public_only.py::"
        "test_a_name_of_discords_that_leads_inside_is_not_connected_to[127.0.0.1]",
    ),
    Guard(
        "loop budget",
        "tests/unit/test_desk.py::test_what_a_bot_says_beyond_its_turns_is_declined_and_said_once",
    ),
    Guard(
        "client composed",
        "tests/realcli/test_content.py::test_a_path_is_read_from_nowhere_in_a_prompt",
    ),
)
_TESTS_FAILED: Final = 1
"""pytest's exit code for just that: nothing else that may go wrong counts as caught."""


def are_green(warm: WarmPytest, guards: Iterable[Guard]) -> bool:
    """Whether the tests of these guards pass with every guard in place."""
    return warm.run(*(guard.test for guard in guards)) == 0


def is_caught(warm: WarmPytest, guard: Guard) -> bool:
    """Whether the guard's test goes red without the guard."""
    return warm.run("--without-guard", guard.name, guard.test) == _TESTS_FAILED


def show(console: Console, guards: Sequence[Guard] = GUARDS) -> bool:
    """Check every guard and print the table; return whether each was missed."""
    table = Table("guard", "test", "without it", title="Guard removal")
    with warm_pytest() as warm:
        all_pass = are_green(warm, guards)
        caught = {guard.name: is_caught(warm, guard) for guard in guards}
    for guard in guards:
        is_red = caught[guard.name]
        words = "red: caught" if is_red else "NOT CAUGHT"
        table.add_row(guard.name, guard.test, words, style=None if is_red else "red")
    console.print(table)
    if not all_pass:
        console.print("The tests do not pass with all guards in place, so the table says nothing.")
    return all_pass and all(caught.values())
