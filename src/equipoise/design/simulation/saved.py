"""What was done of simulations, in a file, so that another process can go on with it.

The file is JSON: nothing in it is run when it is read. It holds sums, and trials where they are kept, as exact numbers:
what is gone on from comes out as if nothing had happened. It belongs to one version of Equipoise and of its kernels,
since another one may simulate the same trials differently.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.design.simulation.build import build
from equipoise.design.simulation.result import Kept, Settled, Simulation, Trials
from equipoise.design.simulation.sums import Sums
from equipoise.errors import InputError

_FORMAT = "equipoise simulation 1"
_MOST_BYTES = 2**30
_WHOLE_SUMS = {"trials", "unfinished", "estimates", "covered"}
_COUNTS = {"benefit", "futility", "harm", "stopped", "held", "tested"}
_BEGIN_ANEW = "begin anew without it"


def save(simulations: Iterable[Simulation | Kept], path: Path) -> None:
    """Write what was done; the file appears whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    kept = [one.kept if isinstance(one, Simulation) else one for one in simulations]
    document = {
        "format": _FORMAT,
        "equipoise": build(),
        "simulations": [_to_plain(one) for one in kept],
    }
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_text(json.dumps(document) + "\n", encoding="utf-8")
        os.replace(unfinished, path)  # noqa: PTH105 - replaces on every platform
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path) -> list[Kept]:
    """What a file keeps, for `resume`.

    Raises:
        InputError: no such file, none that `save` has written, one by another version, or one that was changed.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("larger than 1 GB, which no saved simulation is", file=path, mend=_BEGIN_ANEW)
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"a saved simulation cannot be read: {reason}", file=path, mend="check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError("this is no saved simulation", file=path, mend=_BEGIN_ANEW) from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise InputError("this is no saved simulation", file=path, mend=_BEGIN_ANEW)
    if document.get("equipoise") != build():
        message = f"saved by Equipoise {str(document.get('equipoise'))[:80]}, and this is {build()}"
        raise InputError(message, file=path, mend="go on with that one, or " + _BEGIN_ANEW)
    try:
        return [_to_kept(one) for one in document["simulations"]]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError("a saved simulation that was cut or changed", file=path, mend=_BEGIN_ANEW) from error


def _to_plain(kept: Kept) -> dict[str, Any]:
    shorter = kept.all.replicates != kept.settled.replicates
    return {
        "job": kept.settled.job,
        "settled": _settled_to_plain(kept.settled),
        "all": _settled_to_plain(kept.all) if shorter else None,
        "trials": {name: _packed(getattr(kept.trials, name)) for name in Trials.__slots__},
    }


def _settled_to_plain(settled: Settled) -> dict[str, Any]:
    return {
        "replicates": settled.replicates,
        "sums": [{f.name: np.asarray(getattr(one, f.name)).tolist() for f in fields(one)} for one in settled.sums],
    }


def _to_kept(document: Any) -> Kept:
    job = document["job"]
    if not isinstance(job, str):
        raise TypeError("job")
    settled = _settled_of(document["settled"], job)
    everything = settled if document["all"] is None else _settled_of(document["all"], job)
    trials = Trials(**{name: _unpacked(document["trials"][name]) for name in Trials.__slots__})
    tests, replicates, looks = trials.z.shape
    shapes = {"z": (tests, replicates, looks), "stopping_look": (tests, replicates), "stopped_for": (tests, replicates)}
    if any(getattr(trials, name).shape != shapes.get(name, (replicates, looks)) for name in Trials.__slots__):
        raise ValueError("trials")
    if everything.replicates < settled.replicates or replicates not in {0, everything.replicates}:
        raise ValueError("replicates")
    return Kept(settled, everything, trials)


def _settled_of(document: Any, job: str) -> Settled:
    replicates = document["replicates"]
    sums = tuple(_sums_of(one) for one in document["sums"])
    if not isinstance(replicates, int) or replicates < 0 or any(one.trials != replicates for one in sums):
        raise ValueError("replicates")
    return Settled(replicates, sums, job)


def _sums_of(document: Any) -> Sums:
    looks = len(document["benefit"])
    shapes = {"events": (looks,), "date": (looks,), "z": (looks, 2), "at_stop": (3, 2), "estimate": (2,)}
    made: dict[str, Any] = {}
    for f in fields(Sums):
        value = document[f.name]
        if f.name in _WHOLE_SUMS:
            if not isinstance(value, int) or value < 0:
                raise ValueError(f.name)
            made[f.name] = value
            continue
        array = np.array(value)
        kind = np.int64 if f.name in _COUNTS else np.float64
        if array.shape != shapes.get(f.name, (looks,)) or (kind is np.int64 and array.dtype != np.int64):
            raise ValueError(f.name)
        made[f.name] = array.astype(kind)
    return Sums(**made)


def _packed(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """An array as its shape and its bytes, little-endian."""
    kind = "i8" if array.dtype.kind == "i" else "f8"
    data = np.ascontiguousarray(array, dtype=f"<{kind}").tobytes()
    return {"type": kind, "shape": list(array.shape), "data": base64.b64encode(data).decode("ascii")}


def _unpacked(document: Any) -> Any:
    kind, shape = document["type"], document["shape"]
    if kind not in {"i8", "f8"}:
        raise ValueError("type")
    data = np.frombuffer(base64.b64decode(document["data"], validate=True), dtype=f"<{kind}")
    return data.reshape([int(size) for size in shape]).astype(kind)
