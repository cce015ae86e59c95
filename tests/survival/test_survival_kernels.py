"""Rules that every compiled loop must keep."""

from __future__ import annotations

import numpy as np
import polars as pl

from equipoise import _kernel, survival


def test_every_kernel_is_compiled_for_one_signature_whatever_the_types_of_the_input() -> None:
    rng = np.random.default_rng(3)
    n = 40
    time, event, group = rng.exponential(size=n), rng.integers(0, 2, n), np.arange(n) % 2
    stratum = (np.arange(n) // 2) % 3
    x = rng.normal(size=(n, 2))
    for convert in (np.asarray, pl.Series, list, lambda a: np.asarray(a, dtype=np.float32)):
        t, e, g = convert(time + 1), convert(event), convert(group)
        for options in ({}, {"entry": convert(time * 0.1)}):
            survival.kaplan_meier(t, e, **options)
            survival.kaplan_meier(t, e, weights=convert(time), **options)
            survival.logrank(t, e, g, strata=convert(stratum) if options else None, **options)
            survival.cumulative_incidence(t, e, group=g, **options)
            for p in (1, 2):
                frame = pl.DataFrame(x[:, :p]) if convert is pl.Series else np.asfortranarray(x[:, :p])
                fit = survival.cox(t, e, frame, weights=convert(time), offset=t, robust=True, strata=g, **options)
                fit.concordance()
                fit.proportional_hazards_test()
                survival.cox(t, e, frame, ties="exact", **options)
                survival.cox(t, e, frame, firth=True, **options)
                survival.fine_gray(t, convert(event * (1 + group)), frame, **options)
        survival.gray_test(t, convert(event * (1 + np.arange(n) % 3 // 2)), g)
        survival.mean_cumulative_function(range(n), t, convert(2 * event))
    mine = [k for k in _kernel.KERNELS if k.py_func.__module__.startswith("equipoise.survival")]
    assert len(mine) >= 10
    assert {k.py_func.__name__: len(k.signatures) for k in mine if len(k.signatures) > 1} == {}
