"""`equipoise analyse T --data ADTTE`: the protocol's analyses of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, Trial, print_json, print_table

NAME = "analyse"
EXAMPLE = (
    "Examples: equipoise analyse jcog1017 --data rehearsals/jcog1017/adtte.parquet; "
    "equipoise analyse jcog1017 --ledger rehearsals/jcog1017/ledger.jsonl --freeze final"
)


def run(
    trial: Trial,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="ADTTE as Parquet or CSV, or the folder it is in; ADSL and ADQS beside it are used."
        ),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="The trial's ledger, as JSON lines, instead of data sets.")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option("--freeze", help="The freeze of the ledger that is analysed; the newest if not said.")
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--version", help="Text of another version, where the protocol was amended; once for each other version."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Analyse a trial's data as its protocol says: every estimate with its level, sides, direction and origin."""
    from equipoise.analysis import Datasets, analyse, analyse_ledger
    from equipoise.errors import DataError
    from equipoise.ledger import Journal
    from equipoise.protocol import load

    if (data is None) == (ledger is None) or (ledger is None and (freeze is not None or others)):
        raise DataError("give either --data, or --ledger and with it --freeze and --version where they are needed")
    protocol = load(trial)
    if ledger is not None:
        _, results = analyse_ledger(
            protocol, Journal.read(ledger), others=[load(item) for item in others or ()], freeze=freeze
        )
    elif data is not None:
        datasets = Datasets.read(data)
        results = analyse(protocol, datasets, source=datasets.source, data_cut=datasets.data_cut)
    if as_json:
        print_json(results.to_dict())
        return
    rows = [[item.endpoint, item.measure, item.comparison, str(item), item.note] for item in results.estimates]
    print_table(["estimate", "note"], [[row[3], row[4]] for row in rows])
