"""Pack the patients of kmdata into the one Parquet file that ships with `equipoise.survival.datasets`.

Input: a CSV (it may be compressed) with the columns dataset, time, event, arm, arm_index, a row a patient. Rows keep
their order within a data set and times keep every bit. The same input and the same polars give the same bytes.

Run: python scripts/pack_kmdata.py kmdata_ipd.csv.gz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

PACKED = Path(__file__).parents[1] / "src" / "equipoise" / "survival" / "datasets" / "data" / "kmdata" / "ipd.parquet"
SCHEMA = {"dataset": pl.String, "time": pl.Float64, "event": pl.UInt8, "arm": pl.String, "arm_index": pl.UInt8}


def pack(source: Path, target: Path) -> int:
    """Write `source` to `target` as Parquet, sorted by data set; the number of rows."""
    frame = pl.read_csv(source, schema_overrides=SCHEMA).select(*SCHEMA).sort("dataset", maintain_order=True)
    if sum(frame.null_count().row(0)):
        raise SystemExit(f"{source}: missing values; complete the file")
    frame.write_parquet(target, compression="zstd", compression_level=22, row_group_size=frame.height)
    return frame.height


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    rows = pack(parser.parse_args().source, PACKED)
    print(f"{rows} rows, {PACKED.stat().st_size} bytes: {PACKED.name}")
