#!/usr/bin/env python3
"""Writes what others say of random series: what crates/domain/src/analysis/control is held against.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 pymannkendall==1.4.3 pyspc==0.4
    venv/bin/python scripts/control_reference.py > crates/domain/src/analysis/control/reference.json

Nothing here shares a formula with the Rust code. Limits of individuals and of weighted means come from pyspc, those of
proportions from the standard deviation of scipy's binomial distribution (pyspc takes the mean of the shares for the centre,
which holds for samples of one size alone), trends from pymannkendall and scipy, autocorrelation from numpy. The rules of Nelson are counted out in windows, as his paper
words them. The series are random with a fixed seed: noise, steps, drifts, neighbours that resemble each other, counts with
many ties.
"""

import json
import sys
import warnings

import numpy as np
import pymannkendall
from pyspc.ccharts.ewma import ewma
from pyspc.ccharts.imrx import I_MR_X
from scipy import stats

LAGS = 10


def limits_of(values):
    numbered = np.column_stack([np.arange(1, len(values) + 1), values])
    _, centre, low, high, _ = I_MR_X(sizecol=1).plot(numbered, 1)
    return [float(centre), float(low), float(high)]


def proportions_of(values, sizes):
    found = np.floor(np.abs(values) % 1.0 * sizes)
    share = found.sum() / sizes.sum()
    low, high = [], []
    for size in sizes:
        spread = 3 * stats.binom(int(size), share).std() / size
        low.append(max(0.0, share - spread))
        high.append(min(1.0, share + spread))
    return [float(share), [float(x) for x in low], [float(x) for x in high]]


def means_of(values):
    found, _, low, high, _ = ewma(weight=0.2).plot(values, 1)
    return [[float(a), float(b), float(c)] for a, b, c in zip(found, low, high)]


def rules_of(values, centre, sigma):
    z = (np.asarray(values) - centre) / sigma
    met = [[] for _ in z]

    def look(number, length, holds):
        for end in range(length, len(z) + 1):
            if holds(z[end - length : end]):
                met[end - 1].append(number)

    def crowd(window, least, bound):
        above, below = np.sum(window > bound), np.sum(window < -bound)
        return (above >= least and window[-1] > bound) or (below >= least and window[-1] < -bound)

    look(1, 1, lambda w: abs(w[0]) > 3)
    look(2, 9, lambda w: abs(np.sign(w).sum()) == 9)
    look(3, 6, lambda w: abs(np.sign(np.diff(w)).sum()) == 5)
    look(4, 14, lambda w: np.all(np.sign(np.diff(w))[1:] * np.sign(np.diff(w))[:-1] == -1))
    look(5, 3, lambda w: crowd(w, 2, 2))
    look(6, 5, lambda w: crowd(w, 4, 1))
    look(7, 15, lambda w: np.max(np.abs(w)) < 1)
    look(8, 8, lambda w: np.min(np.abs(w)) > 1)
    return met


def case(name, values, rng):
    values = np.round(np.asarray(values, dtype=float), 4)
    sizes = rng.integers(40, 400, len(values)).astype(float)
    centre, low, high = limits_of(values)
    plain = pymannkendall.original_test(values)
    widened = pymannkendall.hamed_rao_modification_test(values, lag=LAGS)
    slope = stats.theilslopes(values, np.arange(len(values)), alpha=0.05)
    deviations = values - values.mean()
    return {
        "name": name,
        "values": values.tolist(),
        "sizes": sizes.tolist(),
        "individuals": [centre, low, high],
        "overall": [float(np.mean(values)), float(np.std(values, ddof=1))],
        "resemblance": float(np.correlate(deviations[1:], deviations[:-1])[0] / np.correlate(deviations, deviations)[0]),
        "p": proportions_of(values, sizes),
        "ewma": means_of(values),
        "rules": rules_of(values, centre, (high - centre) / 3),
        # The tail, which pymannkendall takes as 1 less what lies below it, from scipy.
        "kendall": [float(plain.s), float(plain.var_s), float(plain.z), float(2 * stats.norm.sf(abs(plain.z)))],
        "hamed_rao": float(widened.var_s),
        "slope": [float(slope.slope), float(slope.low_slope), float(slope.high_slope)],
    }


def series():
    rng = np.random.default_rng(20260611)
    for n in (12, 20, 25, 40, 80):
        for mean, spread in ((0.0, 1.0), (100.0, 5.0)):
            yield f"noise {n}, {mean}", rng.normal(mean, spread, n), rng
            yield f"step {n}, {mean}", rng.normal(mean, spread, n) + spread * 2.5 * (np.arange(n) > n // 2), rng
            yield f"drift {n}, {mean}", rng.normal(mean, spread, n) + spread * 0.1 * np.arange(n), rng
            yield f"alike {n}, {mean}", mean + spread * np.cumsum(rng.normal(0, 1, n)), rng
        yield f"counts {n}", rng.poisson(3, n), rng
        yield f"zigzag {n}", rng.normal(0, 0.2, n) + 2.0 * (np.arange(n) % 2), rng
        yield f"two levels {n}", np.where(np.arange(n) % 4 < 2, 1.0, 5.0) + rng.normal(0, 0.1, n), rng
        yield f"long tail {n}", rng.lognormal(0, 1, n), rng
    # A quiet stretch after a wild one.
    yield "calm", np.concatenate([rng.normal(0, 4, 20), rng.normal(0, 0.3, 20)]), rng


def shortened(figures):
    """Twelve digits say what is compared."""
    if isinstance(figures, dict):
        return {name: shortened(one) for name, one in figures.items()}
    if isinstance(figures, list):
        return [shortened(one) for one in figures]
    return float(f"{figures:.12g}") if isinstance(figures, float) else figures


def main():
    warnings.simplefilter("ignore")
    found = [case(*one) for one in series()]
    lines = ",\n".join(json.dumps(shortened(one)) for one in found)
    sys.stdout.write(f"[\n{lines}\n]\n")


main()
