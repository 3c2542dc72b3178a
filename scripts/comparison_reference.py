#!/usr/bin/env python3
"""Writes what scipy says of series compared before and after: what crates/domain/src/analysis/comparison is held against.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1
    venv/bin/python scripts/comparison_reference.py > crates/domain/src/analysis/comparison/reference.json

Nothing here shares a formula with the Rust code. p comes from scipy.stats.mannwhitneyu. The shift is numpy's median of
the written-out differences. The interval is found by asking mannwhitneyu itself, of every place between two neighbouring
differences, whether it would refuse a shift to there at 5 %. The series are random with a fixed seed: without ties and
with many, tiny and long, apart and alike.
"""

import json
import sys

import numpy as np
from scipy.stats import mannwhitneyu

EXACT = 50
LEVEL = 0.05


def method_of(before, after):
    pooled = np.concatenate([before, after])
    ties = len(np.unique(pooled)) < len(pooled)
    return "exact" if max(len(before), len(after)) <= EXACT and not ties else "normal"


def p_of(before, after, method):
    name = "exact" if method == "exact" else "asymptotic"
    return float(mannwhitneyu(after, before, alternative="two-sided", method=name).pvalue)


def interval_of(before, after, method):
    """From the first difference behind which a shift is not refused as too small, to the last before which it is not
    refused as too large. Between two neighbouring differences no value of one sample meets one of the other."""
    steps = np.unique((after[:, None] - before[None, :]).ravel())
    inner = (steps[1:] + steps[:-1]) / 2
    places = np.concatenate([[steps[0] - 1.0], inner, [steps[-1] + 1.0]])

    def side(place):
        """1 where a shift to there is refused because the later sample is still larger, -1 because it is smaller."""
        moved = after - place
        if p_of(before, moved, method) > LEVEL:
            return 0
        u = mannwhitneyu(moved, before, alternative="two-sided").statistic
        return 1 if u > len(before) * len(after) / 2 else -1

    sides = [side(place) for place in places]
    if sides[0] == 0 or sides[-1] == 0:
        return None
    low = next(step for i, step in enumerate(steps) if sides[i + 1] != 1)
    high = next(steps[i] for i in reversed(range(len(steps))) if sides[i] != -1)
    return [float(low), float(high)]


def case(name, before, after):
    before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    method = method_of(before, after)
    # What the Rust code calls U is scipy's statistic of the later sample.
    u = float(mannwhitneyu(after, before, alternative="two-sided").statistic)
    return {
        "name": name,
        "before": before.tolist(),
        "after": after.tolist(),
        "medians": [float(np.median(before)), float(np.median(after))],
        "shift": float(np.median((after[:, None] - before[None, :]).ravel())),
        "interval": interval_of(before, after, method),
        "u": u,
        "p": p_of(before, after, method),
        "method": method,
    }


def cases():
    rng = np.random.default_rng(20260601)
    for m, n in [(1, 1), (2, 3), (3, 3), (3, 5), (4, 4), (5, 9), (8, 8), (12, 7), (20, 30), (50, 50), (50, 13)]:
        for shift in (0.0, 1.0, 4.0):
            yield f"normal {m} x {n}, {shift}", rng.normal(0, 1, m), rng.normal(shift, 1, n)
    for m, n in [(4, 4), (6, 9), (10, 10), (25, 40), (60, 20), (120, 150)]:
        for shift in (0, 1, 3):
            yield f"counts {m} x {n}, {shift}", rng.poisson(4, m), rng.poisson(4 + shift, n)
    for m, n in [(51, 51), (60, 10), (90, 70)]:
        for shift in (0.0, 0.5):
            yield f"skewed {m} x {n}, {shift}", rng.lognormal(0, 1, m), rng.lognormal(0, 1, n) + shift
    yield "large and small figures", rng.normal(1e6, 1e3, 15), rng.normal(1.002e6, 1e3, 15)
    yield "all alike", [5.0] * 6, [5.0] * 7
    yield "two levels", [1.0] * 10, [2.0] * 12


def main():
    # Rounded, so that the figures are short; the same ones are compared in both languages.
    found = [case(name, np.round(before, 4), np.round(after, 4)) for name, before, after in cases()]
    lines = ",\n".join(json.dumps(one) for one in found)
    sys.stdout.write(f"[\n{lines}\n]\n")


main()
