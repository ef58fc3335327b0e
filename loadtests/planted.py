"""`following bench planted`: the five per-profile models on creators with planted truth.

The generator (loadtests/planting.py) shares nothing with the simulator; models may be mended on other seeds than PLAN's, which
is to be changed with them. In each AUC row the baseline is the better of two
rules that need no model: the engagement rate alone, and how far the comments per like are from usual.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from deployments.engagement import TIERS
from loadtests.planted_cases import Case, Judged, Plan, judge_all
from loadtests.planted_habits import habit_rows
from loadtests.planted_measures import auc, auc_interval, filled, found_at, holds, precision, rate_of
from loadtests.planted_picture import draw
from loadtests.planting import EFFECTS, FRAUDS, ORDINARY, THIN, words
from loadtests.report import Report, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from deployments.scores import Score

PLAN = Plan(seed=20_260_601, worlds=5, ordinary=250, each_fraud=50, thin=20, repeated=16, samples=5)
PREVALENCE = 0.2  # of planted accounts, at which the precision of verdicts is told
FALSE_ALARMS = 0.05
CURVE_BINS = 5
ALARMS = ("elevated", "high")
NARROW = 0.5  # points; an interval this narrow around a score from twelve posts claims too much


def run(console: Console) -> Report:
    """Plant, judge, measure."""
    judged = judge_all(PLAN, console.print)
    return report_of(judged, PLAN)


def report_of(judged: Judged, plan: Plan) -> Report:
    """All rows, the tables behind them, and the curves."""
    cases = judged.cases
    curves = {kind: _curve(cases, kind) for kind in FRAUDS}
    rows = [
        *_area_rows(cases),
        *_verdict_rows(cases),
        *_false_alarm_rows(cases),
        *_interval_rows(judged),
        *_abstention_rows(cases),
        *habit_rows(judged.habits),
    ]
    details = {
        "how it was made": _about(plan, cases),
        "curves over the effect": curves,
        "false alarms by language": _by(cases, lambda case: case.plant.language, sorted(words())),
        "false alarms by tier, with and without stored peers": {
            f"{'with' if peers else 'no'} peers": _by(
                [case for case in cases if case.peers == peers],
                lambda case: case.plant.tier,
                [name for name, _ in TIERS],
            )
            for peers in (True, False)
        },
        "planted share by risk (at a prevalence of 20 %)": _reliability(cases),
        "signs seen in ordinary creators": dict(
            Counter(sign for case in cases if case.plant.kind == ORDINARY for sign in case.signs).most_common()
        ),
    }
    return Report("planted", rows, "following bench planted", details, picture=partial(draw, rows=rows, curves=curves))


def _kind(cases: Sequence[Case], *kinds: str) -> list[Case]:
    return [case for case in cases if case.plant.kind in kinds]


def _risk(case: Case) -> float | None:
    return case.risk.value


def _unauthentic(case: Case) -> float | None:
    return None if case.authenticity.value is None else 100 - case.authenticity.value


RULES: dict[str, Callable[[Case], float | None]] = {
    "engagement rate alone": lambda case: case.low_engagement,
    "comments per like alone": lambda case: case.odd_ratio,
}


SCORES: dict[str, Callable[[Case], Score]] = {
    "authenticity": lambda case: case.authenticity,
    "fraud risk": lambda case: case.risk,
}


def _pair(
    scored: Callable[[Case], float | None], planted: Sequence[Case], ordinary: Sequence[Case]
) -> tuple[list[float], list[float]]:
    usual = [scored(case) for case in ordinary]
    return filled([scored(case) for case in planted], usual), filled(usual, usual)


def _best_rule(planted: Sequence[Case], ordinary: Sequence[Case]) -> tuple[str, float]:
    areas = {name: auc(*_pair(rule, planted, ordinary)) for name, rule in RULES.items()}
    best = max(areas, key=lambda name: areas[name])
    return best, areas[best]


def _area_rows(cases: Sequence[Case]) -> list[Row]:
    ordinary = _kind(cases, ORDINARY)
    rows = []
    for what, scored in (("fraud risk", _risk), ("authenticity", _unauthentic)):
        for name, kinds in (("all kinds", FRAUDS), *((kind, (kind,)) for kind in FRAUDS)):
            planted = _kind(cases, *kinds)
            area = auc(*_pair(scored, planted, ordinary))
            rule, baseline = _best_rule(planted, ordinary)
            low, high = auc_interval(area, len(planted), len(ordinary))
            note = f"{low:.3f} to {high:.3f}; {len(planted)} planted, {len(ordinary)} ordinary; baseline: {rule}"
            rows.append(Row(f"{what}: {name}", "AUC", area, baseline, higher_is_better=True, note=note))
    return rows


def _verdict_rows(cases: Sequence[Case]) -> list[Row]:
    ordinary, planted = _kind(cases, ORDINARY), _kind(cases, *FRAUDS)
    rows = []
    for name, verdicts, goal in (("elevated or high", ALARMS, 0.8), ("high", ("high",), 0.9)):
        found = rate_of(case.verdict in verdicts for case in planted)
        false = rate_of(case.verdict in verdicts for case in ordinary)
        right = precision(found.share, false.share, PREVALENCE)
        rows.append(
            Row(
                f"verdict {name}: right where one account in five is planted",
                "share",
                right,
                goal=goal,
                higher_is_better=True,
                note=f"found {found.share:.1%} of planted, {false.share:.1%} of ordinary",
            )
        )
    usual = {name: _pair(rule, planted, ordinary) for name, rule in RULES.items()}
    baseline = max(found_at(*pair, FALSE_ALARMS) for pair in usual.values())
    ours = found_at(*_pair(_risk, planted, ordinary), FALSE_ALARMS)
    rows.append(
        Row(
            "planted ones found at 5 % false alarms",
            "share",
            ours,
            baseline,
            higher_is_better=True,
            note="by fraud risk",
        )
    )
    return rows


def _false_alarm_rows(cases: Sequence[Case]) -> list[Row]:
    ordinary = _kind(cases, ORDINARY)
    everyone = rate_of(case.verdict in ALARMS for case in ordinary)
    worst = rate_of(case.verdict == "high" for case in ordinary)
    rows = [
        Row("false alarms, elevated or high", "share", everyone.share, goal=FALSE_ALARMS, note=everyone.told()),
        Row("false alarms, high", "share", worst.share, goal=0.01, note=worst.told()),
    ]
    for tier, _ in TIERS:
        found = rate_of(case.verdict in ALARMS for case in ordinary if case.plant.tier == tier)
        rows.append(Row(f"false alarms among {tier} creators", "share", found.share, goal=0.08, note=found.told()))
    languages = {
        language: rate_of(case.verdict in ALARMS for case in ordinary if case.plant.language == language)
        for language in words()
    }
    language = max(languages, key=lambda one: languages[one].share)
    note = f"{language}; {languages[language].told()}"
    rows.append(Row("false alarms in the worst language", "share", languages[language].share, goal=0.12, note=note))
    return rows


def _interval_rows(judged: Judged) -> list[Row]:
    """What a creator's other samples of posts say about the intervals of one."""
    rows = []
    for name, scored in SCORES.items():
        held, off = _repeated(judged.repeated, scored)
        found = rate_of(held)
        note = f"intervals that hold the mean of {len(judged.repeated[0]) - 1} other samples of posts; {found.told()}"
        rows.append(
            Row(
                f"{name}: coverage of 95 % intervals", "share", found.share, goal=0.93, higher_is_better=True, note=note
            )
        )
        rows.append(Row(f"{name}: distance of two samples of posts (median)", "points", float(np.median(off))))
        known = [score for case in judged.cases if (score := scored(case)).value is not None]
        narrow = rate_of(
            score.interval is not None and score.interval[1] - score.interval[0] < NARROW for score in known
        )
        note = f"at exactly 0 or 100: {sum(score.value in (0.0, 100.0) for score in known)} of {len(known)}"
        rows.append(Row(f"{name}: intervals under half a point", "share", narrow.share, goal=0.0, note=note))
    pairs = [
        (case.risk.confidence, other.verdict == case.verdict)
        for samples in judged.repeated
        for case in samples
        for other in samples
        if other is not case and case.risk.confidence is not None and other.risk.value is not None
    ]
    off_by = abs(float(np.mean([stated for stated, _ in pairs])) - float(np.mean([same for _, same in pairs])))
    note = f"stated {np.mean([stated for stated, _ in pairs]):.3f}, seen {np.mean([same for _, same in pairs]):.3f}"
    rows.append(Row("confidence in the verdict against other samples", "share", off_by, goal=0.05, note=note))
    return rows


def _repeated(repeated: Sequence[Sequence[Case]], scored: Callable[[Case], Score]) -> tuple[list[bool], list[float]]:
    held: list[bool] = []
    off: list[float] = []
    for samples in repeated:
        scores = [scored(case) for case in samples]
        if any(score.value is None for score in scores):
            continue
        values = [score.value or 0.0 for score in scores]
        for index, score in enumerate(scores):
            held.append(holds(score, float(np.mean([*values[:index], *values[index + 1 :]]))))
        off.extend(abs(one - other) for one, other in pairwise(values))
    return held, off


def _abstention_rows(cases: Sequence[Case]) -> list[Row]:
    thin, ordinary = _kind(cases, THIN), _kind(cases, ORDINARY)
    hidden = [case for case in ordinary if case.plant.hidden_share == 1]
    rows = []
    for name, chosen, goal in (
        ("thin data", thin, 0.95),
        ("ordinary creators", ordinary, None),
        ("hidden likes", hidden, None),
    ):
        risk = rate_of(case.risk.value is None for case in chosen)
        authenticity = rate_of(case.authenticity.value is None for case in chosen)
        note = f"no authenticity: {authenticity.share:.1%}; {risk.told()}"
        rows.append(Row(f"no verdict on {name}", "share", risk.share, goal=goal, higher_is_better=True, note=note))
    return rows


def _curve(cases: Sequence[Case], kind: str) -> dict[str, Any]:
    """AUC of both scores and of the better rule in bins of the effect with equally many cases each."""
    ordinary = _kind(cases, ORDINARY)
    planted = sorted(_kind(cases, kind), key=lambda case: case.plant.effect)
    bins = [
        planted[len(planted) * at // CURVE_BINS : len(planted) * (at + 1) // CURVE_BINS] for at in range(CURVE_BINS)
    ]
    rule, _ = _best_rule(planted, ordinary)
    return {
        "what": EFFECTS[kind][0],
        "effect": [round(float(np.mean([case.plant.effect for case in one])), 3) for one in bins],
        "fraud_risk": [round(auc(*_pair(_risk, one, ordinary)), 3) for one in bins],
        "authenticity": [round(auc(*_pair(_unauthentic, one, ordinary)), 3) for one in bins],
        "baseline": [round(auc(*_pair(RULES[rule], one, ordinary)), 3) for one in bins],
        "baseline_rule": rule,
        "alarmed": [round(rate_of(case.verdict in ALARMS for case in one).share, 3) for one in bins],
        "n": [len(one) for one in bins],
    }


def _by(cases: Sequence[Case], of: Callable[[Case], str], names: Sequence[str]) -> dict[str, Any]:
    table = {}
    for name in names:
        found = rate_of(case.verdict in ALARMS for case in cases if case.plant.kind == ORDINARY and of(case) == name)
        table[name] = {
            "share": round(found.share, 4),
            "n": found.n,
            "interval": [round(end, 4) for end in found.interval],
        }
    return table


def _reliability(cases: Sequence[Case]) -> list[dict[str, Any]]:
    ordinary, planted = _kind(cases, ORDINARY), _kind(cases, *FRAUDS)
    table = []
    for low, high in ((0, 5), (5, 15), (15, 30), (30, 45), (45, 60), (60, 80), (80, 101)):
        inside = [
            sum(case.risk.value is not None and low <= case.risk.value < high for case in group)
            for group in (planted, ordinary)
        ]
        right = precision(inside[0] / len(planted), inside[1] / len(ordinary), PREVALENCE)
        row = {"risk": f"{low} to {min(high, 100)}", "planted": inside[0], "ordinary": inside[1]}
        table.append(row | {"planted_share": round(right, 3) if sum(inside) else None})
    return table


def _about(plan: Plan, cases: Sequence[Case]) -> dict[str, Any]:
    return {
        "seed": plan.seed,
        "worlds": plan.worlds,
        "creators by kind": dict(Counter(case.plant.kind for case in cases)),
        "judged several times": f"{plan.worlds * plan.repeated} creators, {plan.samples} samples of twelve posts each",
        "held out": "this seed's worlds and effects were judged once, after the last change of a model; thresholds, the "
        "language error and the time zones' tempering were set on seeds 11 to 13 and 20260520 of the same generator",
        "effects": {kind: {"what": what, "from": low, "to": high} for kind, (what, low, high) in EFFECTS.items()},
        "missing": "a score that abstains counts as the median ordinary one in an AUC",
    }
