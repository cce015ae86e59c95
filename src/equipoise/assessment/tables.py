"""The decision tables of RECIST 1.1: from lesions to the response at one assessment.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247, tables 1 and 2. Table 3, the best overall response, is
`best_response.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from equipoise.errors import DataError

Response = Literal["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE"]
"""Complete response, partial response, stable disease, neither complete response nor progression (non-target disease
only), progressive disease, not evaluable."""

RESPONSES: tuple[Response, ...] = get_args(Response)

TargetResponse = Literal["CR", "PR", "SD", "PD", "NE"]
NonTargetResponse = Literal["CR", "non-CR/non-PD", "PD", "NE"]


def response_with_targets(
    target: TargetResponse, non_target: NonTargetResponse | None = None, *, new_lesion: bool = False
) -> Response:
    """Table 1: the response at an assessment of a patient with target disease.

    Args:
        target: response of the target lesions; "NE" when not all were evaluated.
        non_target: response of the non-target lesions, None if there are none.
        new_lesion: whether there is unequivocal new disease.
    """
    if "PD" in (target, non_target) or new_lesion:
        return "PD"
    if target == "CR":
        return "CR" if non_target in ("CR", None) else "PR"
    return target


def response_without_targets(non_target: NonTargetResponse, *, new_lesion: bool = False) -> Response:
    """Table 2: the response at an assessment of a patient with non-target disease only.

    Args:
        non_target: response of the non-target lesions; "NE" when not all were evaluated.
        new_lesion: whether there is unequivocal new disease.
    """
    return "PD" if new_lesion else non_target


def combined_response(responses: Iterable[Response]) -> Response:
    """The overall response of compartments judged apart.

    Progression of one is progression; one that is not evaluable leaves the whole not evaluable. A compartment of
    non-target disease counts as non-target disease does in table 1: it withholds a complete response and leaves PR
    and SD of the others as they are. Otherwise the least response counts.

    Raises:
        DataError: no response.
    """
    of_all = list(responses)
    if not of_all:
        raise DataError("there is no compartment to combine; give the response of each")
    order: tuple[Response, ...] = ("PD", "NE", "SD", "PR")
    for worst in order:
        if worst in of_all:
            return worst
    if "non-CR/non-PD" in of_all:
        return "PR" if "CR" in of_all else "non-CR/non-PD"
    return "CR"
