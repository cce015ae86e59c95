"""The recursion over the looks of a sequential test: exits through the bounds, and bounds that give wanted exits.

Source: Armitage, McPherson and Rowe, Journal of the Royal Statistical Society A 1969; Jennison and Turnbull, Group
Sequential Methods 2000, chapter 19. With information I_k the score W_k = Z_k sqrt(I_k) is a Brownian motion with
drift. The density of the score of those who go on is carried from look to look by an integral over the continuation
region, whose exits are integrals too.

The density at a look is smooth on the scale sqrt(I_k - I_{k-1}) of the step that made it, and it meets a step of the
scale sqrt(I_{k+1} - I_k) next, so Gauss-Legendre panels of a fixed width on the scale of their product resolve it
however close or far the looks are. The region is cut where nothing that counts can pass: 8.2 standard deviations
from the mean and from every ray to a later bound, so that tiny exits keep their relative accuracy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from equipoise._kernel import allocating_kernel, inner_kernel

Floats = NDArray[np.float64]

FAR = 8.2
"""Standard deviations beyond which a normal has less than 1.2e-16 left."""
UNREACHED = 37.5
"""A bound further out, in standard deviations, has a probability below double precision's smallest."""
SMALLEST = 1e-300
"""An exit probability below it is none."""
FREE, SYMMETRIC, CLOSED = 0, 1, 2
"""How lower bounds go with upper ones: on their own; minus the upper one; on their own until they meet at the last."""
_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


@inner_kernel
def tail(score: Floats, mass: Floats, bound: float, step: float, shift: float, sign: float) -> float:
    """Probability that masses at scores end beyond `bound` (above for sign 1, below for -1) after a normal step."""
    total = 0.0
    for j in range(score.size):
        total += mass[j] * 0.5 * math.erfc(_ROOT_HALF * sign * ((bound - score[j]) / step - shift))
    return total


@inner_kernel
def bound_of_tail(
    score: Floats, mass: Floats, start: float, wanted: float, step: float, shift: float, sign: float
) -> float:
    """The bound beyond which the probability `wanted` ends; opposite infinity if there is not as much.

    Newton's method on the logarithm, which is concave: from a start that is too far out it nears without overshoot.
    """
    if wanted < SMALLEST:
        return sign * math.inf
    all_mass = 0.0
    for j in range(mass.size):
        all_mass += mass[j]
    if wanted >= all_mass:
        return -sign * math.inf
    bound = start
    for _ in range(100):
        beyond, density = 0.0, 0.0
        for j in range(score.size):
            x = sign * ((bound - score[j]) / step - shift)
            beyond += mass[j] * 0.5 * math.erfc(_ROOT_HALF * x)
            density += mass[j] * math.exp(-0.5 * x * x)
        if beyond < SMALLEST or density < SMALLEST:  # too far out to tell a slope
            bound -= sign * step
            continue
        outwards = math.log(beyond / wanted) * beyond * step * _ROOT_TWO_PI / density
        bound += sign * outwards
        if abs(outwards) < 1e-9 * step:
            break
    return bound


@allocating_kernel
def panels(low: float, high: float, widest: float, node: Floats) -> tuple[Floats, float]:
    """Gauss-Legendre nodes of panels that fill (low, high), and half a panel's width."""
    count = max(1, math.ceil((high - low) / widest))
    half = 0.5 * (high - low) / count
    score = np.empty(count * node.size)
    for i in range(count):
        centre = low + (2 * i + 1) * half
        for j in range(node.size):
            score[i * node.size + j] = centre + half * node[j]
    return score, half


@allocating_kernel
def carried(
    score: Floats, mass: Floats, half: float, before: float,
    target: Floats, target_half: float, now: float, drift: float, node: Floats,
) -> Floats:  # fmt: skip  # parameters that belong together share a line
    """Density at the target nodes after a normal step, from masses at the nodes of earlier panels.

    The exponent of the step from panel to panel falls into a part of their distance, parts of distance and node, and
    a part of the two nodes that is the same for all panels: a few exponentials serve a whole pair of panels. Pairs
    that nothing joins are passed over: given where a path ends, where it was is normal (a Brownian bridge).
    """
    m = node.size
    step = math.sqrt(now - before)
    bridge = math.sqrt(before / now) * step
    joint = np.empty((m, m))
    for j in range(m):
        for i in range(m):
            x = (target_half * node[i] - half * node[j]) / step
            joint[j, i] = math.exp(-0.5 * x * x)
    sources = score.size // m
    low, high = score[0] - half * (1.0 + node[0]), score[-1] + half * (1.0 - node[-1])
    density = np.empty(target.size)
    source, total = np.empty(m), np.empty(m)
    for b in range(target.size // m):
        end = 0.5 * (target[b * m] + target[b * m + m - 1])
        first = min(max((end - target_half) * before / now, low), high) - 9.0 * bridge
        last = min(max((end + target_half) * before / now, low), high) + 9.0 * bridge
        for i in range(m):
            density[b * m + i] = 0.0
        for a in range(max(0, int((first - low) / (2.0 * half))), min(sources, 1 + int((last - low) / (2.0 * half)))):
            start = low + (2 * a + 1) * half
            apart = (end - start) / step - drift * step
            for j in range(m):
                source[j] = mass[a * m + j] * math.exp(apart * half * node[j] / step)
                total[j] = 0.0
            for j in range(m):
                for i in range(m):
                    total[i] += joint[j, i] * source[j]
            for i in range(m):
                density[b * m + i] += total[i] * math.exp(-apart * (0.5 * apart + target_half * node[i] / step))
        for i in range(m):
            density[b * m + i] /= step * _ROOT_TWO_PI
    return density


@allocating_kernel
def tilted(score: Floats, mass: Floats, information: float, drift: float, other: float) -> Floats:
    """Masses under another drift: the likelihood ratio depends on the score alone."""
    if drift == other:
        return mass
    changed = np.empty(mass.size)
    for j in range(mass.size):
        changed[j] = mass[j] * math.exp((other - drift) * (score[j] - 0.5 * (other + drift) * information))
    return changed


@allocating_kernel
def steepest(information: Floats, bound: Floats, quantile: Floats, drift: float, sign: float) -> Floats:
    """For each look the outermost ray from the origin to a bound of a later look that can be reached at all."""
    rays = np.empty(information.size)
    ray = -sign * math.inf
    for back in range(information.size):
        k = information.size - 1 - back
        rays[k] = ray
        root = math.sqrt(information[k])
        z = drift * root + sign * quantile[k] if math.isnan(bound[k]) else bound[k]
        if abs(z) < UNREACHED and sign * z / root > sign * ray:
            ray = z / root
    return rays


@inner_kernel
def leave(
    score: Floats, mass: Floats, bound: float, owed: float, quantile: float,
    before: float, now: float, drift: float, sign: float,
) -> tuple[float, float, float]:  # fmt: skip  # parameters that belong together share a line
    """One side of one look: the bound of z, the exit through it, and what is still owed of the exits wanted."""
    root, step = math.sqrt(now), math.sqrt(now - before)
    shift = drift * step
    if not math.isnan(bound):
        left = tail(score, mass, bound * root, step, shift, sign)
        return bound, left, owed - left
    # two limits of where it can be: as if nobody had left before, and as if all were at the outermost score
    most = min(quantile, UNREACHED)
    outermost = score[-1] if sign > 0.0 else -score[0]
    start = sign * min(sign * drift * now + most * root, outermost + (sign * shift + most) * step)
    found = bound_of_tail(score, mass, start, owed, step, shift, sign)
    return found / root, tail(score, mass, found, step, shift, sign), min(owed, 0.0)


@allocating_kernel
def sweep(
    information: Floats, lower: Floats, upper: Floats,
    lower_wanted: Floats, upper_wanted: Floats, lower_quantile: Floats, upper_quantile: Floats,
    lower_drift: float, upper_drift: float, form: int, width: float, node: Floats, weight: Floats,
    lower_exit: Floats, upper_exit: Floats,
) -> int:  # fmt: skip  # parameters that belong together share a line
    """Go through the looks, find the bounds that are not given, and the probability of each exit.

    Args:
        information: (K,) increasing.
        lower: (K,) bounds of z, changed in place: NaN where it is to be solved for.
        upper: the same above.
        lower_wanted: (K,) exit probability at each look, for bounds to be solved for. What bounds that are given
            take away more or less than wanted is made up for by the next that is solved for.
        upper_wanted: the same above.
        lower_quantile: (K,) normal quantiles of `1 - lower_wanted`.
        upper_quantile: the same above.
        lower_drift: the drift under which exits below are counted.
        upper_drift: the same above.
        form: FREE, SYMMETRIC or CLOSED.
        width: of a panel, on the scale of the integrand.
        node: (m,) Gauss-Legendre nodes on (-1, 1).
        weight: (m,) their weights.
        lower_exit: (K,) result: probability of the first exit below at each look.
        upper_exit: the same above.

    Returns:
        How many looks can be reached: fewer than K if the bounds meet earlier.
    """
    looks = information.size
    m = node.size
    drift = 0.5 * (lower_drift + upper_drift)
    lower_ray = steepest(information, lower, lower_quantile, lower_drift, -1.0)
    upper_ray = steepest(information, upper, upper_quantile, upper_drift, 1.0)
    before, half = 0.0, 0.0
    upper_owed, lower_owed = 0.0, 0.0
    score, mass = np.empty(1), np.empty(1)
    score[0], mass[0] = 0.0, 1.0
    for k in range(looks):
        lower_exit[k] = upper_exit[k] = 0.0
    for k in range(looks):
        now = information[k]
        mass_above = tilted(score, mass, before, drift, upper_drift)
        upper[k], upper_exit[k], upper_owed = leave(
            score, mass_above, upper[k], upper_owed + upper_wanted[k], upper_quantile[k], before, now, upper_drift, 1.0
        )
        if form == SYMMETRIC:
            lower[k] = -upper[k]
        elif form == CLOSED and k == looks - 1:
            lower[k] = upper[k]
        mass_below = tilted(score, mass, before, drift, lower_drift)
        due, quantile = lower_owed + lower_wanted[k], lower_quantile[k]
        lower[k], lower_exit[k], lower_owed = leave(
            score, mass_below, lower[k], due, quantile, before, now, lower_drift, -1.0
        )
        if lower[k] > upper[k]:
            lower[k], lower_exit[k], lower_owed = leave(
                score, mass_below, upper[k], due, quantile, before, now, lower_drift, -1.0
            )
        if k == looks - 1:
            break
        root = math.sqrt(now)
        least, most = min(lower_drift, upper_drift, lower_ray[k]), max(lower_drift, upper_drift, upper_ray[k])
        low, high = max(lower[k] * root, least * now - FAR * root), min(upper[k] * root, most * now + FAR * root)
        if low >= high:
            return k + 1
        onwards = information[k + 1] - now
        widest = width * math.sqrt((now - before) * onwards / (information[k + 1] - before))
        target, target_half = panels(low, high, widest, node)
        if k == 0:
            density = np.empty(target.size)
            for j in range(target.size):
                density[j] = math.exp(-0.5 * (target[j] - drift * now) ** 2 / now) / (root * _ROOT_TWO_PI)
        else:
            density = carried(score, mass, half, before, target, target_half, now, drift, node)
        for j in range(density.size):
            density[j] *= weight[j % m] * target_half
        score, mass, half, before = target, density, target_half, now
    return looks
