"""What a scrape of the metrics says: names with their labels' values, and numbers."""

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from sessions.store.upkeep import Figures

FIGURES = Figures(
    queued=3, running=2, interrupted=1, waiting_rooms=2, sessions=9, outbox_due=4, oldest_due=None
)


def scraped(metrics: Metrics, figures: Figures | None = FIGURES, agent_starts: int = 0) -> dict[str, float]:
    """Scrape now."""
    text = metrics.text(
        figures=figures,
        oldest_s=7.5,
        rooms=5,
        agents=4,
        agent_starts=agent_starts,
        dropped=1,
        starts=12,
        connected=True,
        healthy=False,
    )
    return samples(text)


def samples(text: bytes) -> dict[str, float]:
    """Return the samples of a scrape: `name|value of a label`."""
    return {
        "".join([sample.name, *(f"|{value}" for value in sample.labels.values())]): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }
