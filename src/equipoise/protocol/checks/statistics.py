"""Endpoints, design, analyses: that what they name exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.model.endpoints import Count, Milestone, Score, TimeToEvent

if TYPE_CHECKING:
    from equipoise.protocol.model.trial import Path, Protocol


def check_statistics(protocol: Protocol) -> None:
    """Check every endpoint, the design and the analyses."""
    for name, event in protocol.events.items():
        for i, arm in enumerate(event.arms):
            require(protocol, ("events", name, "arms", i), arm, protocol.arms, "arm", "arms")
        if event.causes and event.kind != "death":
            fail(
                protocol,
                ("events", name, "causes"),
                "causes belong to an event of kind death",
                "use two events",
            )
    for name, endpoint in protocol.endpoints.items():
        path: Path = ("endpoints", name)
        match endpoint:
            case TimeToEvent():
                _check_time_to_event(protocol, path, endpoint)
            case Count():
                _check_origin(protocol, path, endpoint.origin)
                _check_events(protocol, (*path, "events"), endpoint.events, name)
                _check_events(protocol, (*path, "terminal"), endpoint.terminal, name)
            case Milestone():
                known = protocol.times_to_event()
                require(protocol, (*path, "of"), endpoint.of, known, "time-to-event endpoint", "endpoints")
            case Score():
                _check_score(protocol, path, endpoint)
            case _:
                pass
    _check_parameter_codes(protocol)
    if protocol.design is not None:
        require(
            protocol,
            ("design", "primary"),
            protocol.design.primary,
            protocol.endpoints,
            "endpoint",
            "endpoints",
        )
    for i, analysis in enumerate(protocol.analyses):
        at: Path = ("analyses", i)
        require(protocol, (*at, "endpoint"), analysis.endpoint, protocol.endpoints, "endpoint", "endpoints")
        strata = () if isinstance(analysis.strata, str) else analysis.strata
        for key, names in (
            ("subgroups", analysis.subgroups),
            ("covariates", analysis.covariates),
            ("strata", strata),
        ):
            for j, variable in enumerate(names):
                _check_covariate(protocol, (*at, key, j), variable, grouped=key != "covariates")


def _check_time_to_event(protocol: Protocol, path: Path, endpoint: TimeToEvent) -> None:
    name = str(path[-1])
    _check_origin(protocol, path, endpoint.origin)
    _check_events(protocol, (*path, "events"), endpoint.events, name)
    _check_events(protocol, (*path, "competing"), endpoint.competing, name)
    for arm, refs in endpoint.events_by_arm.items():
        require(protocol, (*path, "events_by_arm", arm), arm, protocol.arms, "arm", "arms")
        _check_events(protocol, (*path, "events_by_arm", arm), refs, name)
    if endpoint.events_by_arm and (
        missing := [arm for arm in protocol.arms if arm not in endpoint.events_by_arm]
    ):
        fail(
            protocol,
            (*path, "events_by_arm"),
            f"arm '{missing[0]}' has no events here",
            "say what counts in it",
        )
    for i, sensitivity in enumerate(endpoint.sensitivity):
        _check_events(protocol, (*path, "sensitivity", i, "new_therapy"), sensitivity.new_therapy, name)
    if both := sorted(set(endpoint.all_events) & set(endpoint.competing)):
        fail(
            protocol,
            (*path, "competing"),
            f"'{both[0]}' is an event and a competing event at once",
            "keep one",
        )


def _check_events(protocol: Protocol, path: Path, refs: tuple[str, ...], endpoint: str) -> None:
    known = protocol.event_refs()
    for i, ref in enumerate(refs):
        if ref not in known:
            what = f"the event '{ref}' of endpoint '{endpoint}' is never recorded"
            fail(
                protocol, (*path, i), what, f"declare it under events (there are {', '.join(sorted(known))})"
            )


def _check_origin(protocol: Protocol, path: Path, origin: str) -> None:
    variable = protocol.dictionary.get(protocol.origin_variable(origin))
    if variable is None or variable.type != "date":
        fail(
            protocol,
            (*path, "origin"),
            f"the origin '{origin}' is neither a step nor a date variable",
            "name the step, or declare the date",
        )


def _check_score(protocol: Protocol, path: Path, endpoint: Score) -> None:
    require(protocol, (*path, "variable"), endpoint.variable, protocol.variables, "variable", "variables")
    if protocol.variables[endpoint.variable].type not in ("integer", "decimal"):
        fail(protocol, (*path, "variable"), "a score is a number", "use an integer or decimal variable")
    forms = [form for form in protocol.forms.values() if endpoint.variable in form.variables]
    if not any(form.repeats for form in forms):
        fail(
            protocol,
            (*path, "variable"),
            "the score is on no form that repeats",
            "put it on one with repeats: true",
        )


def _check_covariate(protocol: Protocol, path: Path, name: str, *, grouped: bool) -> None:
    require(protocol, path, name, protocol.dictionary, "variable", "variables")
    kind = protocol.dictionary[name].type
    if kind in ("text", "date") or (grouped and kind not in ("choice", "boolean")):
        fail(
            protocol,
            path,
            f"'{name}' is of type {kind}, which cannot be used here",
            "derive a choice from it",
        )


def _check_parameter_codes(protocol: Protocol) -> None:
    seen: dict[str, str] = {}
    for name, endpoint in protocol.endpoints.items():
        code = getattr(endpoint, "param", None)
        if code is None:
            continue
        if code in seen:
            fail(
                protocol,
                ("endpoints", name, "param"),
                f"'{code}' is also that of {seen[code]}",
                "give each its own",
            )
        seen[code] = name
