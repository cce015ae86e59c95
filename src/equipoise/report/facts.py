"""Short facts about the trial, the participants and the page itself."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass

from equipoise import trials
from equipoise.analysis.results import Flow, Results
from equipoise.figures import numbers, quote
from equipoise.protocol import Protocol
from equipoise.report import words
from equipoise.report.choose import events_by_arm, is_follow_up, overall
from equipoise.report.headline import short


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what belongs to it."""

    name: str
    text: str
    code: bool = False


def key_numbers(protocol: Protocol, results: Results) -> list[Fact]:
    """The few numbers at the top of the page."""
    facts = []
    if results.flow is not None:
        if len(results.flow.steps) > 1:
            facts.append(Fact("Registered", numbers.count(results.flow.steps[0].passed)))
        else:
            facts.append(Fact("Screened", numbers.count(results.flow.screened)))
        allocated = sum(arm.allocated for arm in results.flow.arms)
        facts.append(Fact(words.allocation_verb(protocol), numbers.count(allocated)))
        facts.append(_died(protocol, results, results.flow))
    times = [item for item in overall(results.estimates) if is_follow_up(item) and item.arm is None]
    if times:
        facts.append(Fact(f"Median follow-up, {words.method_words(protocol, times[0].method)}", short(times[0])))
    facts.append(Fact("Data cut-off", numbers.day(results.data_cut)))
    return facts


def _died(protocol: Protocol, results: Results, flow: Flow) -> Fact:
    """The deaths of the population analysed, where an endpoint counts them; else those after allocation."""
    for name in protocol.endpoints:
        deaths = events_by_arm(results.of(name)) if words.ends_in_death(protocol, name) else {}
        if deaths:
            return Fact("Died", numbers.count(sum(deaths.values())))
    return Fact("Died after allocation", numbers.count(sum(arm.died for arm in flow.arms)))


def design_facts(protocol: Protocol) -> list[Fact]:
    """What the trial is, as a list of facts."""
    registry, design = protocol.registry, protocol.design
    arms = "; ".join(f"{name}: {arm.label}" for name, arm in protocol.arms.items())
    primary = words.primary_endpoint(protocol)
    facts = [
        Fact("Condition", "; ".join(registry.conditions)),
        Fact(
            "Phase and status", ", ".join(part for part in (registry.phase, registry.status) if part and part != "N/A")
        ),
        Fact("Sponsor", registry.sponsor or ""),
        Fact("Arms", arms),
        Fact("Allocation", words.allocation(protocol)),
        Fact("Primary endpoint", words.endpoint_labels(protocol).get(primary or "", "")),
    ]
    if design is not None:
        facts.append(Fact("Size as planned", _size(protocol)))
        facts.append(Fact("Planned for", _effect_planned(protocol)))
        if design.accrual or design.follow_up:
            spans = ((design.accrual, "accrual"), (design.follow_up, "follow-up"))
            facts.append(Fact("Duration", ", ".join(f"{what} {numbers.months(n, 0)}" for n, what in spans if n)))
    current = protocol.versions[-1]
    facts.append(Fact("Protocol version", ", ".join(filter(None, (current.number, numbers.day(current.on))))))
    return [fact for fact in facts if fact.text]


def _size(protocol: Protocol) -> str:
    design = protocol.design
    assert design is not None
    parts = []
    if design.participants:
        parts.append(f"{numbers.count(design.participants)} participants")
    if design.events:
        parts.append(f"{numbers.count(design.events)} events")
    if design.alpha and design.sides:
        parts.append(f"{quote.SIDES[design.sides]} alpha {design.alpha:g}")
    if design.power:
        parts.append(f"power {numbers.percent(design.power, 0)}")
    return ", ".join(parts)


def _effect_planned(protocol: Protocol) -> str:
    design = protocol.design
    assert design is not None
    if design.control_median and design.experimental_median:
        return f"medians of {design.control_median:g} against {numbers.months(design.experimental_median, 0)}"
    parts = []
    if design.hazard_ratio:
        parts.append(f"hazard ratio {numbers.ratio(design.hazard_ratio)}")
    if design.control_median:
        parts.append(f"control median {numbers.months(design.control_median, 0)}")
    if design.control_survival and design.survival_at:
        at = numbers.months(design.survival_at, 0)
        parts.append(f"control survival {numbers.percent(design.control_survival, 0)} at {at}")
    return ", ".join(parts)


def provenance(
    protocol: Protocol, results: Results, *, seed: int | str | None, seconds: float | None, software: str
) -> list[Fact]:
    """What it takes to check or repeat this page."""
    shipped = _is_shipped(protocol)
    file = protocol.id if shipped else shlex.quote(protocol.file)
    trial = "" if shipped else f" --trial {file}"
    verify = f"equipoise verify ledger.jsonl --head {results.head}{trial}"
    source = "rehearsal with synthetic participants" if results.source == "rehearsal" else results.source
    facts = [
        Fact("Protocol", f"{protocol.id}, version {results.protocol_version}"),
        Fact("Data", source),
        Fact("Data cut-off", numbers.day(results.data_cut)),
        Fact("Seed", "" if seed is None else str(seed), code=True),
        Fact("Head of the ledger", results.head, code=True),
        Fact("Software", software),
        Fact("Run time", "" if seconds is None else f"{numbers.decimal(seconds, 1)}{numbers.NBSP}seconds"),
        Fact("To verify", verify if results.head else "", code=True),
    ]
    if seed is not None and results.source == "rehearsal":
        facts.append(Fact("To repeat", f"equipoise rehearse {file} --seed {seed} --out DIR", code=True))
    return [fact for fact in facts if fact.text]


def _is_shipped(protocol: Protocol) -> bool:
    """Whether it is, to the letter, the shipped trial of its id, so that the id alone says which it is."""
    if protocol.id not in trials.shipped():
        return False
    return hashlib.sha256(trials.protocol_path(protocol.id).read_bytes()).hexdigest() == protocol.digest
