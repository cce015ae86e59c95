"""Documents: one self-contained HTML page for a trial, and an index over several."""

from equipoise.report.index import IndexRow, index_row, render_index
from equipoise.report.page import render_report

__all__ = ["IndexRow", "index_row", "render_index", "render_report"]
