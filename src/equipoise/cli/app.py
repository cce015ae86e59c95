"""The application: every verb, in the order of a trial's life."""

from __future__ import annotations

import typer

from equipoise import __version__
from equipoise.cli import (
    allocation,
    analyse,
    audit,
    check,
    checkpoint,
    demo,
    design,
    due,
    export,
    import_,
    key,
    rebuild,
    rehearse,
    screen,
    show,
    simulate,
    trials,
    verify,
)
from equipoise.cli.output import say

app = typer.Typer(
    name="equipoise",
    help="From protocol to answer: one file is the trial. T is a shipped trial's id or the path of a protocol file.",
    epilog="Exit status: 0 done; 1 done and something was found; 2 the input is wrong; 3 a defect of Equipoise.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"equipoise {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """From protocol to answer: one file is the trial."""


for module in (
    trials,
    show,
    check,
    design,
    simulate,
    allocation,
    rehearse,
    screen,
    analyse,
    verify,
    audit,
    due,
    import_,
    export,
    rebuild,
    checkpoint,
    key,
    demo,
):
    app.command(name=module.NAME, epilog=module.EXAMPLE)(module.run)
