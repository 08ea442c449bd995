#!/usr/bin/env python3
"""Records quantiles and confidence bands computed by SciPy and NumPy, into Fixtures/report/.

    python Fixtures/scripts/record_report.py

Made with Python 3.11, scipy 1.17.1 and numpy 2.4.6 on x86-64.
"""

import json
import pathlib

import numpy as np
from scipy import stats

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "report"


def quantiles():
    """The 0.975 quantile of Student's t by degrees of freedom."""
    return {str(n): float(stats.t.ppf(0.975, n)) for n in [*range(1, 41), 59, 60, 99, 100, 999, 1000]}


def bands():
    """Runs on different grids, and their mean with its 95 % interval where all have data."""
    generator = np.random.default_rng(7)
    cases = []
    for count in (2, 3, 5, 10):
        runs = []
        for run in range(count):
            x = np.cumsum(generator.uniform(0.5, 1.5, 12)) + run * 0.1
            runs.append((x, np.sqrt(x) * 50 + generator.normal(0, 20, x.size)))
        first = max(x[0] for x, _ in runs)
        last = min(x[-1] for x, _ in runs)
        grid = np.unique(np.concatenate([x for x, _ in runs]))
        grid = grid[(grid >= first) & (grid <= last)]
        values = np.stack([np.interp(grid, x, y) for x, y in runs])
        low, high = stats.t.interval(
            0.95, count - 1, loc=values.mean(axis=0), scale=values.std(axis=0, ddof=1) / np.sqrt(count)
        )
        cases.append(
            {
                "runs": [{"x": x.tolist(), "y": y.tolist()} for x, y in runs],
                "x": grid.tolist(),
                "mean": values.mean(axis=0).tolist(),
                "low": low.tolist(),
                "high": high.tolist(),
            }
        )
    return cases


OUTPUT.mkdir(exist_ok=True)
(OUTPUT / "student-t.json").write_text(json.dumps(quantiles(), indent=1) + "\n")
(OUTPUT / "bands.json").write_text(json.dumps(bands()) + "\n")
