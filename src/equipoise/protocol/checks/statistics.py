"""Endpoints, design, analyses: that what they name exists."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.model.endpoints import Count, Milestone, Score, TimeToEvent
from equipoise.protocol.model.questionnaire import higher_is
from equipoise.protocol.wording import clipped, did_you_mean
from equipoise.trials.published_effects import questions

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
    _check_endpoints(protocol)
    _check_parameter_codes(protocol)
    _check_analyses(protocol)


def _check_endpoints(protocol: Protocol) -> None:
    refs, known = protocol.event_refs(), protocol.times_to_event()
    repeating = protocol.repeated
    for name, endpoint in protocol.endpoints.items():
        path: Path = ("endpoints", name)
        match endpoint:
            case TimeToEvent():
                _check_time_to_event(protocol, path, endpoint, refs)
            case Count():
                _check_origin(protocol, path, endpoint.origin)
                _check_events(protocol, (*path, "events"), endpoint.events, refs)
                _check_events(protocol, (*path, "terminal"), endpoint.terminal, refs)
            case Milestone():
                require(protocol, (*path, "of"), endpoint.of, known, "time-to-event endpoint", "endpoints")
            case Score():
                _check_score(protocol, path, endpoint, repeating)
            case _:
                pass


def _check_analyses(protocol: Protocol) -> None:
    known = protocol.endpoints
    if protocol.design is not None:
        primary = protocol.design.primary
        require(protocol, ("design", "primary"), primary, known, "endpoint", "endpoints")
        if protocol.endpoints[primary].role != "primary":
            what = f"the design rests on '{primary}', whose role is {protocol.endpoints[primary].role}"
            fail(protocol, ("design", "primary"), what, "give that endpoint role: primary, or name the primary one")
        if protocol.design.question is not None and protocol.design.question not in questions():
            what = f"no published effects ship on the question '{protocol.design.question}'"
            fail(protocol, ("design", "question"), what, f"name one of {', '.join(questions())}, or leave it out")
    for i, analysis in enumerate(protocol.analyses):
        at: Path = ("analyses", i)
        require(protocol, (*at, "endpoint"), analysis.endpoint, known, "endpoint", "endpoints")
        strata = () if isinstance(analysis.strata, str) else analysis.strata
        named = {"subgroups": analysis.subgroups, "covariates": analysis.covariates, "strata": strata}
        for key, names in named.items():
            for j, variable in enumerate(names):
                _check_covariate(protocol, (*at, key, j), variable, grouped=key != "covariates")


def _check_time_to_event(protocol: Protocol, path: Path, endpoint: TimeToEvent, known: Collection[str]) -> None:
    _check_origin(protocol, path, endpoint.origin)
    _check_events(protocol, (*path, "events"), endpoint.events, known)
    _check_events(protocol, (*path, "competing"), endpoint.competing, known)
    for arm, refs in endpoint.events_by_arm.items():
        require(protocol, (*path, "events_by_arm", arm), arm, protocol.arms, "arm", "arms")
        _check_events(protocol, (*path, "events_by_arm", arm), refs, known)
    if endpoint.events_by_arm and (missing := [arm for arm in protocol.arms if arm not in endpoint.events_by_arm]):
        fail(
            protocol,
            (*path, "events_by_arm"),
            f"arm '{missing[0]}' has no events here",
            "say what counts in it",
        )
    for i, sensitivity in enumerate(endpoint.sensitivity):
        _check_events(protocol, (*path, "sensitivity", i, "new_therapy"), sensitivity.new_therapy, known)
    if both := sorted(set(endpoint.all_events) & set(endpoint.competing)):
        fail(
            protocol,
            (*path, "competing"),
            f"'{both[0]}' is an event and a competing event at once",
            "keep one",
        )


def _check_events(protocol: Protocol, path: Path, refs: tuple[str, ...], known: Collection[str]) -> None:
    for i, ref in enumerate(refs):
        if ref not in known:
            mend = did_you_mean(ref, known, "declare it under events, or as one of an event's causes")
            fail(protocol, (*path, i), f"the event '{clipped(ref)}' is never recorded", mend)


def _check_origin(protocol: Protocol, path: Path, origin: str) -> None:
    variable = protocol.dictionary.get(protocol.origin_variable(origin))
    if variable is None or variable.type != "date":
        fail(
            protocol,
            (*path, "origin"),
            f"the origin '{origin}' is neither a step nor a date variable",
            "name the step, or declare the date",
        )


def _check_score(protocol: Protocol, path: Path, endpoint: Score, repeating: Collection[str]) -> None:
    known = {**protocol.variables, **protocol.score_variables}
    require(protocol, (*path, "variable"), endpoint.variable, known, "variable", "variables")
    if known[endpoint.variable].type not in ("integer", "decimal"):
        fail(protocol, (*path, "variable"), "a score is a number", "use an integer or decimal variable")
    if endpoint.variable not in repeating:
        fail(
            protocol,
            (*path, "variable"),
            "the score is on no form that repeats",
            "put it on one with repeats: true",
        )
    for form in protocol.forms.values():
        means = higher_is(form.questionnaire).get(endpoint.variable) if form.questionnaire else None
        if means is not None and means != endpoint.higher_is:
            what = f"higher is {means} on '{endpoint.variable}', by its scoring manual"
            fail(protocol, (*path, "higher_is"), what, f"write {means}")


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
