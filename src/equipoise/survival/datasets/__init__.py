"""Survival data to try things on: 173 reconstructed oncology trials and seven classic data sets.

    >>> from equipoise.survival import datasets
    >>> trial = datasets.load("BOLERO3_2")
    >>> trial.published.hazard_ratio
    0.78

`names`, `load` and `key` give the reconstructed trials, whose curves were digitised from publications (R package
kmdata, MIT licence, copyright 2021 Robert Redd); `classic_names` and `load_classic` give the data sets that textbooks
and R's survival package use. Every one names its source and its unit of time. `data/README.md` says where each file
comes from, `data/kmdata/LICENSE` holds the licence of the reconstructions.
"""

from __future__ import annotations

from equipoise.survival.datasets.classic import ClassicData, classic_names, load_classic
from equipoise.survival.datasets.reconstructed import Published, ReconstructedTrial, key, load, names

__all__ = [
    "ClassicData",
    "Published",
    "ReconstructedTrial",
    "classic_names",
    "key",
    "load",
    "load_classic",
    "names",
]
