"""The command line: a thin skin over the library, one module a verb."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import NoReturn

from equipoise.errors import EquipoiseError

WRONG_INPUT, DEFECT, INTERRUPTED = 2, 3, 130


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status.

    0 done; 1 done and something was found; 2 the input is wrong, one line says what; 3 a defect of Equipoise.
    """
    arguments = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = _run(arguments)
    except EquipoiseError as error:
        status = _fail(str(error), WRONG_INPUT, arguments)
    except KeyboardInterrupt:
        status = _fail("interrupted", INTERRUPTED, arguments)
    except BrokenPipeError:
        # the reader of our output has gone; what it wanted it has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = (error.strerror or str(error)).lower()
        status = _fail(
            f"{where}{reason}; check the path, its permissions and the space on the disk", WRONG_INPUT, arguments
        )
    except Exception as error:  # the outermost border: anything else is a defect of ours
        status = _defect(error, arguments)
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    from typer.exceptions import Abort, Exit, TyperException

    from equipoise.cli.app import app

    try:
        status = app(args=arguments, prog_name="equipoise", standalone_mode=False)
    except Exit as leaving:
        return leaving.exit_code
    except Abort:
        return _fail("interrupted", INTERRUPTED, arguments)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "equipoise"
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        return _fail(f"{message.rstrip('.')}; see {command} --help", WRONG_INPUT, arguments)
    return int(status or 0)


def _fail(message: str, status: int, arguments: list[str]) -> int:
    """One line on standard error; with --json a document on standard output as well."""
    line = " ".join(message.split())
    if "--json" in arguments:
        sys.stdout.write(json.dumps({"error": {"status": status, "message": line}}) + "\n")
    sys.stderr.write(f"{line}\n")
    return status


def _defect(error: Exception, arguments: list[str]) -> int:
    kind = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    if os.environ.get("EQUIPOISE_DEBUG"):
        traceback.print_exception(error)
    return _fail(
        f"a defect of Equipoise, not of your input: {kind}; please report it with the command, the file, and what "
        "EQUIPOISE_DEBUG=1 prints",
        DEFECT,
        arguments,
    )
