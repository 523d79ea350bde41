"""What a benchmark reports: figures beside their floors, as a table and as JSON lines."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One result. `floor` is what the same run took for the least that could do the job.

    The ratio is figure to floor; `bound` is the most it may be, or the least if `more_is_better`.
    Without a floor the bound is that of the figure itself.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    bound: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """Figure to floor."""
        return None if self.floor is None else self.value / self.floor

    @property
    def is_kept(self) -> bool | None:
        """Whether the ratio keeps its bound; None if there is none."""
        if self.bound is None:
            return None
        held = self.value if self.ratio is None else self.ratio
        return held >= self.bound if self.more_is_better else held <= self.bound

    def json_line(self) -> str:
        """Return the figure as one JSON object."""
        return json.dumps({**asdict(self), "ratio": self.ratio, "kept": self.is_kept})


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that so many percent do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(samples: Sequence[float]) -> float:
    """Return the middle sample."""
    return statistics.median(samples)
