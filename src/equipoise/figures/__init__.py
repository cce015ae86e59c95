"""Plots of results: functions of a result that give a `Figure`.

A figure is a scene of text and shapes. It writes itself as SVG (deterministic, no global state, a text alternative
inside) and, for journals that ask for PDF, PNG, EPS or TIFF, hands the same scene to matplotlib.
"""

from equipoise.figures.figure import Figure
from equipoise.figures.flow import flow
from equipoise.figures.forest import forest
from equipoise.figures.interval import interval
from equipoise.figures.kaplan_meier import kaplan_meier
from equipoise.figures.sparkline import sparkline
from equipoise.figures.timeline import timeline

__all__ = ["Figure", "flow", "forest", "interval", "kaplan_meier", "sparkline", "timeline"]
