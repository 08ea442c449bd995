"""The learning curves of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class History:
    """The metrics of a run; each column has one number for each entry of `agent_steps`, NaN where there is none."""

    agent_steps: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.agent_steps)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]

    def curve(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The steps and the values of the rows that have one, for a plot."""
        present = ~np.isnan(self.columns[name])
        return self.agent_steps[present], self.columns[name][present]

    def to_pandas(self) -> Any:
        """A data frame with `agent_steps` as its index; raises `ImportError` if pandas is not installed."""
        import pandas

        return pandas.DataFrame(self.columns, index=pandas.Index(self.agent_steps, name="agent_steps"))
