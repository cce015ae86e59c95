"""The choice of target lesions at baseline.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247, sections 3 (measurability) and 4.1 to 4.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from equipoise.assessment.criteria import Recist
from equipoise.assessment.lengths import as_mm, exact, micrometres
from equipoise.assessment.lesion import Lesion
from equipoise.assessment.visit import Baseline

_CHEST_X_RAY_MM = 20
_THICK_SLICE_MM = 5


def least_diameter(lesion: Lesion, criteria: Recist | None = None) -> int:
    """The least diameter, in micrometres, from which a lesion is measurable: the short axis for a node."""
    rules = criteria or Recist()
    if lesion.node:
        return micrometres(rules.node_target_mm)
    if lesion.method == "chest X-ray":
        return micrometres(_CHEST_X_RAY_MM)
    least = micrometres(rules.measurable_mm)
    if lesion.slice_mm is not None and exact(lesion.slice_mm) > _THICK_SLICE_MM:
        return max(least, 2 * micrometres(lesion.slice_mm))
    return least


def target_problems(baseline: Baseline, criteria: Recist | None = None) -> tuple[str, ...]:
    """What is wrong with the lesions of baseline, a sentence each; empty if nothing is.

    Checked: at most five targets, two an organ (nodes are one organ); each measured and measurable; no node that is
    of normal size; nothing to follow at all.
    """
    rules = criteria or Recist()
    sizes = {finding.lesion: finding.micrometres for finding in baseline.findings}
    problems = [] if baseline.lesions else ["no lesion at baseline; without disease there is no response to judge"]
    for lesion in baseline.lesions:
        problems += _problems_of(lesion, sizes.get(lesion.id), rules)
    targets = [lesion for lesion in baseline.lesions if lesion.role == "target"]
    if len(targets) > rules.max_targets:
        problems.append(f"{len(targets)} target lesions; choose at most {rules.max_targets}, the rest are non-target")
    for organ, number in sorted(Counter(lesion.organ for lesion in targets).items()):
        if number > rules.max_per_organ:
            problems.append(f"{number} target lesions in {organ}; choose at most {rules.max_per_organ}")
    return tuple(problems)


def _problems_of(lesion: Lesion, size: int | None, rules: Recist) -> list[str]:
    if lesion.node and size is not None and size < micrometres(rules.node_normal_mm):
        return [f"{lesion.id}: a node with a short axis of {as_mm(size)} mm is normal and no lesion; leave it out"]
    if lesion.role == "non-target":
        return []
    if size is None:
        return [f"{lesion.id}: a target lesion without a diameter at baseline; measure it, or make it non-target"]
    if lesion.not_measurable_because:
        return [f"{lesion.id}: not measurable ({lesion.not_measurable_because}); make it non-target"]
    least = least_diameter(lesion, rules)
    if size < least:
        axis = "short axis" if lesion.node else "longest diameter"
        return [f"{lesion.id}: {axis} {as_mm(size)} mm, measurable from {as_mm(least)} mm; make it non-target"]
    return []


def proposed_targets(
    lesions: Iterable[Lesion], sizes: Mapping[str, int], criteria: Recist | None = None
) -> tuple[str, ...]:
    """The target lesions that size alone would choose: the largest of each organ first, then the next largest.

    How well a lesion can be measured again is for the reader of the images to say.

    Args:
        lesions: all lesions; their role is not looked at.
        sizes: diameter in micrometres by id; the short axis of a node.
        criteria: the limits.

    Returns:
        Ids, the largest first.
    """
    rules = criteria or Recist()
    candidates = [
        lesion
        for lesion in lesions
        if lesion.id in sizes
        and not lesion.not_measurable_because
        and sizes[lesion.id] >= least_diameter(lesion, rules)
    ]
    candidates.sort(key=lambda lesion: (-sizes[lesion.id], lesion.id))
    place = _places_in_organ(candidates)
    kept = [lesion for lesion in candidates if place[lesion.id] <= rules.max_per_organ]
    kept.sort(key=lambda lesion: (place[lesion.id] > 1, -sizes[lesion.id], lesion.id))
    chosen = kept[: rules.max_targets]
    return tuple(lesion.id for lesion in sorted(chosen, key=lambda lesion: (-sizes[lesion.id], lesion.id)))


def _places_in_organ(by_size: Iterable[Lesion]) -> dict[str, int]:
    seen: Counter[str] = Counter()
    places = {}
    for lesion in by_size:
        seen[lesion.organ] += 1
        places[lesion.id] = seen[lesion.organ]
    return places
