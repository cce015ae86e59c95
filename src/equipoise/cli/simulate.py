"""`equipoise simulate T`: the operating characteristics of a trial's design, by simulation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from equipoise.cli import INTERRUPTED
from equipoise.cli.output import AsJson, Trial, note, print_json, progress, say

if TYPE_CHECKING:
    from equipoise.design.simulation.ranges import Executor
    from equipoise.design.simulation.run import SimulationInterruptedError
    from equipoise.protocol import Protocol

NAME = "simulate"
EXAMPLE = (
    "Examples: equipoise simulate jcog1017 --vary hazard_ratio=0.6:1.0:0.05 --vary control_median=20,40,69;"
    " equipoise simulate tehran --model disease --json"
)


def run(
    trial: Trial,
    *,
    replicates: Annotated[
        int, typer.Option("--replicates", min=1, help="Simulated trials of each case, and as many without an effect.")
    ] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**64 - 1, help="Everything follows from it.")] = 1,
    model: Annotated[
        Literal["design", "disease"],
        typer.Option("--model", help="Two arms as the design has them, or the disease model of the assumptions."),
    ] = "design",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="NAME=VALUES",
            help="What if something else is true: start:end:step, both ends included, or values with commas; repeated, "
            "all combinations. Names: hazard_ratio, control_median, participants, accrual, follow_up, events, dropout, "
            "ratio, delay, crossover, non_adherence.",
        ),
    ] = None,
    tests: Annotated[
        str | None,
        typer.Option(
            "--tests",
            help="Instead of the protocol's test: logrank, cox, fh:0:1, mwlrt:12, maxcombo, rmst:60, milestone:24 and "
            "others, with commas; a + joins tests to one, as in logrank+fh:0:1.",
        ),
    ] = None,
    interim: Annotated[
        str | None,
        typer.Option("--interim", help="Information fractions of the interim looks, with commas, such as 0.5,0.75."),
    ] = None,
    bounds: Annotated[
        str | None,
        typer.Option(
            "--bounds", help="Of the looks: a word such as spending:obrien-fleming, or critical values with commas."
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="One a core if not said.")] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a Dask scheduler whose workers compute instead.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Keep what was done in this file, finished or interrupted.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on from this file; the rest of the command stays the same.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a trial's design: power and size with their error, events, duration, bias; and what if.

    Ctrl-C keeps what is done in a file and leaves with status 130; --resume goes on from there.
    """
    from equipoise.cli.grid import read_grid
    from equipoise.design.plan.simulated import simulate_protocol
    from equipoise.design.simulation.run import SimulationInterruptedError
    from equipoise.design.simulation.saved import load as load_saved
    from equipoise.design.simulation.saved import save as save_to
    from equipoise.protocol import load

    if threads is not None and scheduler is not None:
        raise typer.BadParameter("--threads and --scheduler exclude each other; give one of the two")
    grid = read_grid(vary or [])
    protocol = load(trial)
    kept = [] if resume is None else load_saved(resume)
    if save is not None and not save.parent.is_dir():
        raise typer.BadParameter(f"--save {save}: there is no folder {save.parent}; make it first")
    try:
        with _elsewhere(scheduler) as executor, progress(f"simulating {protocol.id}") as advance:
            found = simulate_protocol(
                protocol,
                replicates=replicates,
                seed=seed,
                model=model,
                vary=grid,
                tests=_tests(tests),
                bounds=_bounds(bounds),
                interim=None if interim is None else _numbers("--interim", interim),
                progress=advance,
                threads=threads,
                executor=executor,
                resume=kept,
            )
    except SimulationInterruptedError as interrupt:
        _keep(interrupt, save or resume or _default_file(protocol, interrupt), as_json=as_json)
        raise typer.Exit(INTERRUPTED) from None
    if save is not None:
        done = {one.settled.job: one for case in found.cases for one in (case.simulation, case.no_effect)}
        save_to(done.values(), save)
        note(f"kept in {save}")
    if as_json:
        print_json(found.to_dict())
        return
    say(str(found))


def _tests(text: str | None) -> list[str | tuple[str, ...]] | None:
    """The tests by their names."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    return [tuple(part.strip() for part in name.split("+")) if "+" in name else name for name in names]


def _bounds(text: str | None) -> str | list[float] | None:
    """A word, or numbers."""
    if text is None:
        return None
    first = text.split(",")[0].strip()
    return _numbers("--bounds", text) if first[:1] in set("0123456789.-+") else text.strip()


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{option} {text}: give numbers with commas, such as 0.5,0.75") from None


@contextmanager
def _elsewhere(scheduler: str | None) -> Iterator[Executor | None]:
    """The cluster, if one is named."""
    if scheduler is None:
        yield None
        return
    from equipoise.design.simulation.cluster import cluster

    with cluster(scheduler) as executor:
        yield executor


def _default_file(protocol: Protocol, interrupt: SimulationInterruptedError) -> Path:
    """A file in the current folder whose name the same command gives again, and another one does not."""
    digest = interrupt.done[0].settled.job[:8] if interrupt.done else "nothing"
    return Path(f"{protocol.id}-{digest}.simulation.json")


def _keep(interrupt: SimulationInterruptedError, file: Path, *, as_json: bool) -> None:
    """Write what is done, and say how to go on."""
    from equipoise.design.simulation.saved import save

    why = f"{interrupt.__cause__}; " if not isinstance(interrupt.__cause__, KeyboardInterrupt) else ""
    trials = sum(one.replicates for one in interrupt.done)
    if trials == 0:
        message = f"{why}interrupted before any trials were done; nothing is kept"
    else:
        save(interrupt.done, file)
        message = (
            f"{why}interrupted after {trials:,} trials, which are kept in {file}; "
            f"to go on give the same command with --resume {file}"
        )
    if as_json:
        print_json({"error": {"status": INTERRUPTED, "message": message}})
    note(message)
