"""`equipoise due T`: visits, queries and survival that are due in a stored trial."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.cli.output import AsJson, print_json, print_table, say
from equipoise.cli.place import DEFAULT, Place, StoredTrial, require_store
from equipoise.errors import EquipoiseError

if TYPE_CHECKING:
    from datetime import date

    from equipoise.store.due import Due, Outstanding

NAME = "due"
EXAMPLE = "Example: equipoise due jcog1017 --store equipoise-data --site S01 --on 2026-07-01"

Site = Annotated[str | None, typer.Option("--site", metavar="S", help="One site; all if not said.")]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="As on this day, 2026-07-01; today if not said.")]


def run(trial: StoredTrial, place: Place = DEFAULT, site: Site = None, on: On = None, as_json: AsJson = False) -> None:
    """Show which visits are due or overdue, what is missing, which queries stand, and who has to be asked after."""
    require_store(place)
    from equipoise.store import Store
    from equipoise.store.due import as_json as document

    day = _day(on)
    with Store.open(place) as store:
        found = store.due(trial, day, site=site)
    if as_json:
        print_json({"trial": trial, **document(found)})
    else:
        _print(found)


def _day(text: str | None) -> date:
    from datetime import date

    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise EquipoiseError(f"--on: '{text}' is no date; write it as 2026-07-01") from None


def _print(found: Due) -> None:
    columns = ["site", "participants", "due", "overdue", "missed", "out of window", "missing"]
    rows = [
        [
            item.site,
            *map(str, (item.participants, item.due, item.overdue, item.missed, item.out_of_window, item.missing)),
        ]
        for item in found.sites
    ]
    if not rows:
        say("nobody has been screened")
        return
    print_table(columns, rows, right=frozenset(range(1, len(columns))))
    lines = [line for item in found.participants for line in _lines(item)]
    if lines:
        print_table(["site", "participant", "what", "since", "status"], lines)
    else:
        say(f"nothing is due on {found.on}")


def _lines(item: Outstanding) -> list[list[str]]:
    who = [item.site, item.participant]
    found = [
        [*who, f"{visit.title}: {', '.join(visit.missing) or 'visit'}", str(visit.planned), visit.status]
        for visit in item.visits
    ]
    found += [
        [
            *who,
            f"Query {query.query} ({query.about}): {query.message}",
            str(query.on),
            f"{query.status}, {query.age} days",
        ]
        for query in item.queries
    ]
    if item.ask_alive:
        where = "lost to follow-up: ask a register" if item.lost else "ask"
        found.append([*who, "Alive at the data cut-off?", str(item.last_alive or "never"), where])
    return found
