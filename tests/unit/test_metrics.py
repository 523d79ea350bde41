"""Metrics: each note has its counter, and no label can grow without end."""

from bot.metrics import Metrics
from tests.support.scrapes import scraped


def test_each_note_is_counted_under_its_name() -> None:
    metrics = Metrics()
    metrics.turn_ended("ok", None, 3.0)
    metrics.turn_ended("failed", "rate_limit", 1.0)
    metrics.first_word(0.3)
    metrics.accepted(0.004)
    metrics.committed(0.002, 17)
    metrics.loop_lagged(-0.1)
    for status in (200, 200, 429, 101, None):
        metrics.discord_answered(status)
    found = scraped(metrics)
    assert found["roomkey_turns_total|ok"] == found["roomkey_turns_total|failed"] == 1
    assert found["roomkey_turn_problems_total|rate_limit"] == 1
    assert found["roomkey_turn_seconds_sum"] == 4.0
    assert found["roomkey_first_word_seconds_count"] == found["roomkey_accept_seconds_count"] == 1
    assert (found["roomkey_commit_seconds_count"], found["roomkey_commit_changes_sum"]) == (1, 17)
    assert found["roomkey_loop_lag_seconds_sum"] == 0
    assert found["roomkey_discord_requests_total|200"] == 2
    assert found["roomkey_discord_requests_total|429"] == found["roomkey_discord_rate_limited_total"] == 1
    assert found["roomkey_discord_requests_total|none"] == 1
    assert found["roomkey_discord_gateway_connects_total"] == 1
    assert "roomkey_discord_requests_total|101" not in found


def test_what_there_is_now_is_a_gauge() -> None:
    found = scraped(Metrics())
    assert (found["roomkey_turns_queued"], found["roomkey_turns_running"]) == (3, 2)
    assert (found["roomkey_turns_interrupted"], found["roomkey_rooms_waiting"]) == (1, 2)
    assert (found["roomkey_sessions"], found["roomkey_rooms_live"], found["roomkey_agents_live"]) == (9, 5, 4)
    assert (found["roomkey_outbox_due"], found["roomkey_outbox_oldest_seconds"]) == (4, 7.5)
    assert (found["roomkey_outbox_dropped"], found["roomkey_starts"]) == (1, 12)
    assert (found["roomkey_discord_connected"], found["roomkey_healthy"]) == (1, 0)


def test_a_store_that_says_nothing_leaves_its_last_figures() -> None:
    metrics = Metrics()
    scraped(metrics)
    assert scraped(metrics, figures=None)["roomkey_turns_queued"] == 3


def test_agent_starts_only_grow() -> None:
    metrics = Metrics()
    scraped(metrics, agent_starts=2)
    assert scraped(metrics, agent_starts=5)["roomkey_agent_starts_total"] == 5


def test_two_bots_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.accepted(1.0)
    assert scraped(other)["roomkey_accept_seconds_count"] == 0
