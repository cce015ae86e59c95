"""The report of one trial: one HTML file that needs nothing besides itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from equipoise.analysis.results import Results
from equipoise.figures import numbers
from equipoise.protocol import Protocol
from equipoise.report import words
from equipoise.report.assumed import Assumption, assumptions
from equipoise.report.cohort import cohort_rules
from equipoise.report.facts import design_facts, key_numbers, provenance
from equipoise.report.headline import headline
from equipoise.report.pictures import flow_picture
from equipoise.report.published import published_rows
from equipoise.report.quality import completeness_rows, deviation_rows
from equipoise.report.safety import safety_rows
from equipoise.report.sections import primary_result, section
from equipoise.report.tables import groups


def render_report(
    protocol: Protocol,
    results: Results,
    *,
    seed: int | str | None = None,
    seconds: float | None = None,
    software: str | None = None,
    files: Sequence[str] = (),
) -> str:
    """The report as one HTML document; the same input gives the same bytes.

    Args:
        protocol: the trial.
        results: its analysis.
        seed: of the rehearsal, so that it can be run again.
        seconds: how long it took; left out of the page if not given.
        software: name and version of the software; ours if not given.
        files: names of files in the same folder that belong to it, linked under provenance.
    """
    grouped = groups(results.estimates, words.endpoint_labels(protocol))
    primary = words.primary_endpoint(protocol)
    context = {
        "protocol": protocol,
        "results": results,
        "kicker": [part for part in (protocol.acronym, protocol.id.upper(), *protocol.registrations) if part],
        "rehearsal": results.source == "rehearsal",
        "paragraphs": headline(protocol, results),
        "primary": None if primary is None else primary_result(protocol, primary, grouped.get(primary, [])),
        "key_numbers": key_numbers(protocol, results),
        "design_facts": design_facts(protocol),
        "flow": flow_picture(protocol, results),
        "sections": [section(protocol, results, name, items) for name, items in grouped.items()],
        "published": published_rows(protocol, results),
        "assumptions": _by_section(assumptions(protocol)),
        "safety": safety_rows(results),
        "deviations": deviation_rows(protocol, results),
        "completeness": completeness_rows(protocol, results),
        "cohort_rules": cohort_rules(protocol, results),
        "provenance": provenance(
            protocol, results, seed=seed, seconds=seconds, software=software or software_version()
        ),
        "files": files,
    }
    return environment().get_template("report.html.j2").render(context)


@cache
def environment() -> Environment:
    """Templates with everything escaped and every missing name an error."""
    made = Environment(
        loader=PackageLoader("equipoise.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["count"] = numbers.count
    made.filters["sentence"] = words.capitalised
    made.globals["style"] = Markup(made.get_template("style.css").render())
    return made


def software_version() -> str:
    """`Equipoise` with its version."""
    try:
        return f"Equipoise {version('equipoise')}"
    except PackageNotFoundError:
        return "Equipoise"


def _by_section(found: Iterable[Assumption]) -> dict[str, list[Assumption]]:
    grouped: dict[str, list[Assumption]] = {}
    for item in found:
        grouped.setdefault(item.section, []).append(item)
    return grouped
