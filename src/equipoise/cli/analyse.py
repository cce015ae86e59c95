"""`equipoise analyse T --data ADTTE`: the protocol's analyses of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, Trial, print_json, print_table

NAME = "analyse"
EXAMPLE = "Example: equipoise analyse jcog1017 --data rehearsals/jcog1017/adtte.parquet"


def run(
    trial: Trial,
    data: Annotated[
        Path,
        typer.Option(
            "--data", help="ADTTE as Parquet or CSV, or the folder it is in; ADSL and ADQS beside it are used."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Analyse a trial's data as its protocol says: every estimate with its level, sides, direction and origin."""
    from equipoise.analysis import Datasets, analyse
    from equipoise.protocol import load

    protocol = load(trial)
    datasets = Datasets.read(data)
    results = analyse(protocol, datasets, source=datasets.source, data_cut=datasets.data_cut)
    if as_json:
        print_json(results.to_dict())
        return
    rows = [[item.endpoint, item.measure, item.comparison, str(item), item.note] for item in results.estimates]
    print_table(["estimate", "note"], [[row[3], row[4]] for row in rows])
