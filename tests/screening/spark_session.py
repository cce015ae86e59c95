"""A Spark session for tests, where pyspark and Java are; or a skip that says why."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from shutil import which
from typing import Any, NoReturn

import pytest

REQUIRED = "EQUIPOISE_REQUIRE_SPARK"
"""Set to 1 where missing Spark is to be a failure and not a skip."""


def missing(reason: str) -> NoReturn:
    """Skip, or fail where Spark is required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED} is 1")
    pytest.skip(f"{reason}; set {REQUIRED}=1 to make that a failure")


@contextmanager
def session() -> Iterator[Any]:
    """A Spark session in this process."""
    if which("java") is None:
        missing("no Java on this machine")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Spark's own start
        try:
            sql = import_module("pyspark.sql")
        except ImportError:
            missing("the package pyspark is not installed")
        builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        running = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    try:
        yield running
    finally:
        running.stop()
