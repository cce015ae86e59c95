"""Windows of visits, queries, deviations, imputed dates: that they name what there is and can be told apart."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from equipoise.protocol.checks.conduct import placed_steps, repeated
from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.model.pathway import FollowUp
from equipoise.protocol.model.quality import DATA_CUT, LAST_ALIVE, Partial
from equipoise.protocol.visits import visit_months
from equipoise.units import months_to_days

if TYPE_CHECKING:
    from equipoise.protocol.checks.rules import Rules
    from equipoise.protocol.model.trial import Path, Protocol


def check_quality(protocol: Protocol, rules: Rules) -> None:
    """Check everything that keeps the data right; `rules` are the compiled ones by path."""
    for path, step in placed_steps(protocol.pathway):
        if isinstance(step, FollowUp):
            _check_window(protocol, path, step)
    _check_queries(protocol, rules)
    _check_deviations(protocol)
    for name, variable in protocol.variables.items():
        if variable.partial is not None:
            _check_partial(protocol, ("variables", name, "partial"), variable.partial, own=name)
    for name, event in protocol.events.items():
        if event.partial is not None:
            _check_partial(protocol, ("events", name, "partial"), event.partial)


def _check_window(protocol: Protocol, path: Path, step: FollowUp) -> None:
    """A day belongs to one visit's window at most."""
    if step.window is None:
        return
    width = step.window.before + step.window.after
    for earlier, later in pairwise((0.0, *visit_months(step))):
        days = int(months_to_days(later - earlier))
        if width >= days:
            what = f"the windows of visits overlap: {width + 1} days wide, and visits are {days} days apart"
            fail(protocol, (*path, "window"), what, f"before and after make up less than {days} days")


def _check_queries(protocol: Protocol, rules: Rules) -> None:
    if (again := repeated([item.id for item in protocol.queries])) is not None:
        fail(protocol, ("queries", again), f"the id '{protocol.queries[again].id}' stands twice", "give each its own")
    for i, query in enumerate(protocol.queries):
        path: Path = ("queries", i)
        require(protocol, (*path, "form"), query.form, protocol.forms, "form", "forms")
        if not set(rules[*path, "when"].variables) & set(protocol.forms[query.form].variables):
            what = f"the rule names no variable of the form '{query.form}', so that form cannot answer it"
            fail(protocol, (*path, "when"), what, "name the form that one of its variables is on")


def _check_deviations(protocol: Protocol) -> None:
    rules = protocol.deviations
    if rules is not None and rules.out_of_window is not None:
        steps = [step for step in protocol.steps if isinstance(step, FollowUp)]
        if not any(step.window for step in steps):
            what = "no visit has a window to be out of"
            fail(protocol, ("deviations", "out_of_window"), what, "give the follow_up step a window")
    for i, analysis in enumerate(protocol.analyses):
        if analysis.population == "per-protocol" and rules is None:
            what = "who belongs to the per-protocol population is not said"
            mend = "add a deviations section: those that exclude from it"
            fail(protocol, ("analyses", i, "population"), what, mend)


def _check_partial(protocol: Protocol, path: Path, partial: Partial, *, own: str | None = None) -> None:
    for key in ("not_before", "not_after"):
        name = getattr(partial, key)
        if name is None or name == LAST_ALIVE or (name == DATA_CUT and key == "not_after" and own is not None):
            continue
        require(protocol, (*path, key), name, protocol.dictionary, "date variable", "variables")
        variable = protocol.dictionary[name]
        if variable.type != "date" or variable.derived is not None or name == own:
            what = f"'{name}' is no date that bounds this one"
            fail(protocol, (*path, key), what, "name another date variable that is recorded, or last_alive")
