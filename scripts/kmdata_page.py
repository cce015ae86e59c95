"""Write docs/validation/kmdata.md: our hazard ratio beside the published one for each reconstructed trial.

The page holds nothing of the day or the machine: the same code and data give the same text.

Run: python scripts/kmdata_page.py
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
from machine import table

from equipoise.survival import cox, datasets
from equipoise.survival.datasets import ReconstructedTrial

PAGE = Path(__file__).parents[1] / "docs" / "validation" / "kmdata.md"
FAR = 0.11
"""|log ratio| that 95 % of the two-arm data sets of kmdata keep to."""


@dataclass(frozen=True)
class Row:
    """One data set, and its Cox model with the second arm over the first."""

    trial: ReconstructedTrial
    hazard_ratio: float
    conf_low: float
    conf_high: float

    @property
    def inverted(self) -> bool:
        """Whether the inverse of our hazard ratio is nearer to the published one."""
        published = self.trial.published.hazard_ratio
        return published is not None and abs(math.log(self.hazard_ratio * published)) < abs(
            math.log(self.hazard_ratio / published)
        )

    @property
    def turned(self) -> tuple[float, float, float]:
        """Hazard ratio and limits in the direction that is nearer to the published one."""
        if self.inverted:
            return 1 / self.hazard_ratio, 1 / self.conf_high, 1 / self.conf_low
        return self.hazard_ratio, self.conf_low, self.conf_high

    @property
    def difference(self) -> float | None:
        """log(ours / published) in that direction; None where nothing is published."""
        published = self.trial.published.hazard_ratio
        return None if published is None else math.log(self.turned[0] / published)

    @property
    def outside(self) -> bool:
        """Whether the published hazard ratio lies outside our 95 % limits in that direction."""
        published = self.trial.published.hazard_ratio
        _, low, high = self.turned
        return published is not None and not low <= published <= high


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PAGE)
    out: Path = parser.parse_args().out
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(), encoding="utf-8")
    print(f"written: {out.name}")


def page() -> str:
    """The page as Markdown."""
    rows = [_fitted(datasets.load(name)) for name in datasets.names()]
    return "\n".join([*_introduction(rows), "", *_notes(rows), "", "## Every data set", "", _listing(rows), ""])


def _fitted(trial: ReconstructedTrial) -> Row:
    fit = cox(trial.time, trial.event, trial.arm_index)
    return Row(trial, float(fit.hazard_ratio[0]), float(fit.conf_low[0]), float(fit.conf_high[0]))


def _introduction(rows: list[Row]) -> list[str]:
    far = [abs(row.difference) for row in rows if row.difference is not None]
    near = sum(size <= FAR for size in far)
    return [
        "# Reconstructed trials: our hazard ratio beside the published one",
        "",
        "<!-- Made by `python scripts/kmdata_page.py`. Do not edit. -->",
        "",
        _wrapped(
            f"`equipoise.survival.datasets` ships {len(rows)} two-arm data sets whose patients were reconstructed from "
            "published Kaplan-Meier curves by the authors of the R package kmdata (github.com/raredd/kmdata, MIT "
            "licence, copyright 2021 Robert Redd). Two things are checked with them."
        ),
        "",
        _wrapped(
            "**The code.** On each data set the Cox hazard ratio with its limits, the log-rank p and the medians agree "
            "with R's survival 3.5-3 to 1e-6 relative (`tests/survival/test_survival_datasets.py`)."
        ),
        "",
        _wrapped(
            "**The reconstruction.** The table sets our hazard ratio (Cox, Efron, no covariates) beside the one in the "
            f"publication, which is known for {len(far)} data sets. The difference is log(ours / published): its "
            f"median size is {np.median(far):.3f}, and {near} of {len(far)} are within {FAR}. It shows "
            "how near the digitised figure comes to the patients behind it, and whether the publication adjusted or "
            "stratified; it says nothing about the code."
        ),
    ]


def _notes(rows: list[Row]) -> list[str]:
    far = [row for row in rows if row.difference is not None and abs(row.difference) > FAR]
    boost = next(row.trial for row in rows if row.trial.name == "EORTC22881_2")
    items = [
        "*Which arm is below the line.* Our hazard ratio is that of the second arm named over the first. kmdata does "
        "not record the reference arm of the published one, so that the two are compared up to inversion: where the "
        'inverse of ours is nearer, it stands in the column "inverse" and is what is compared '
        f"({_named(row for row in rows if row.inverted)}). Near 1 this choice is arbitrary, and it can only make a "
        "difference smaller.",
        f"*Size.* {sum(bool(row.trial.note) for row in rows)} data sets differ by more than 25 % from the sample size "
        "that kmdata reports: figures of subgroups, two arms out of several, or a reported size that is that of one "
        "arm. An asterisk marks them, and `.note` says so. One cell of kmdata is corrected: LUXLung3-6_2A has 345 "
        "patients, not 345364 (345 and 364, the sizes of two trials, run together).",
        f"*EORTC22881_2* looks as if it held every patient twice, with {boost.time.size} patients where "
        f"{boost.published.sample_size} are reported. It does not: its arms of {_arm_sizes(boost)} are those of the "
        "trial, which randomised 5318 (2657 without a boost, 2661 with one: Bartelink et al., Journal of Clinical "
        "Oncology 2007, PMID 17577015); the size reported is that of one arm.",
        f"*Published outside our limits*, in the nearer direction: {_named(row for row in rows if row.outside)}.",
        f"*Further off than {FAR}*: {_named(far)}.",
    ]
    return ["## How to read it", "", *(_wrapped(f"- {item}", indent="  ") for item in items)]


def _wrapped(text: str, indent: str = "") -> str:
    return fill(text, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _arm_sizes(trial: ReconstructedTrial) -> str:
    first, second = (int((trial.arm_index == index).sum()) for index in (0, 1))
    return f"{first} ({trial.arms[0]}) and {second} ({trial.arms[1]})"


def _named(rows: Iterable[Row]) -> str:
    return ", ".join(row.trial.name for row in rows) or "none"


def _listing(rows: list[Row]) -> str:
    columns = [
        "data set", "endpoint", "patients", "events", "arms: second over first", "hazard ratio (95 % CI)", "inverse",
        "published", "difference", "PMID",
    ]  # fmt: skip  # short items of one kind share a line
    return table(columns, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    trial, published = row.trial, row.trial.published
    return [
        trial.name,
        trial.outcome,
        f"{trial.time.size}" + (r"\*" if trial.note else ""),
        str(int(trial.event.sum())),
        f"`{trial.arms[1]}` over `{trial.arms[0]}`",
        f"{row.hazard_ratio:.3f} ({row.conf_low:.3f} to {row.conf_high:.3f})",
        f"{row.turned[0]:.3f}" if row.inverted else "",
        "-" if published.hazard_ratio is None else f"{published.hazard_ratio:g}",
        "-" if row.difference is None else f"{row.difference:+.3f}",
        f"[{published.pmid}](https://pubmed.ncbi.nlm.nih.gov/{published.pmid}/)",
    ]


if __name__ == "__main__":
    main()
