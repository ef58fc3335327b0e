"""What is measured of each model, on which set, and how a model's result becomes an answer to a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster.errors import InvalidInput
from deployments.evaluation import datasets, metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deployments.evaluation.datasets import Dataset
    from deployments.evaluation.metrics import Answers, Statistic

Reading = tuple[tuple[str, ...], float | None]  # labels, best first, and the confidence in the first; None: not judged
CALIBRATION_ROWS_MIN = 1_000  # of smaller sets, the interval's lower end is held against the goal
CALIBRATION_GOAL = 0.05


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of a set; goal is what the embedded tier is to reach, language takes only those rows."""

    name: str
    statistic: Statistic
    goal: float | None = None
    language: str | None = None
    grouped: Statistic | None = None  # computed within each language, and each kind of row
    centred: bool = False

    def met(self, value: float, interval: tuple[float, float], n: int) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        if not self.centred:
            return value >= self.goal
        return (value if n >= CALIBRATION_ROWS_MIN else interval[0]) <= self.goal


@dataclass(frozen=True, slots=True)
class Use:
    """A set that a task is measured on; an optional one may be absent."""

    dataset: Dataset
    measures: tuple[Measure, ...]
    label: str = "label"
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that a slot's model is asked, how its result is read, and on what it is measured."""

    name: str
    slot: str
    read: Callable[[Any], Reading]
    uses: tuple[Use, ...]
    has_fallback: bool = True
    make_input: Callable[[Mapping[str, Any]], Any] = lambda row: row["text"]


def _calibration(goal: float | None = CALIBRATION_GOAL) -> Measure:
    return Measure("calibration error", metrics.calibration_error, goal, centred=True)


def _share_right(name: str, goal: float | None = None) -> Measure:
    return Measure(name, metrics.accuracy, goal, grouped=metrics.accuracy)


def _labelled(result: Any) -> Reading:
    """sentiment, and category with its runners-up; a reason says that there was nothing to judge."""
    others = tuple(other.label for other in getattr(result, "runners_up", ()))
    return (result.label, *others), None if result.reason else result.confidence


def _language(result: Any) -> Reading:
    return (result.code,), None if result.reason else result.confidence


def _emotion(result: Any) -> Reading:
    found = result.emotion
    return ((), None) if found is None else ((found.label,), found.confidence)


def _offensive(result: Any) -> Reading:
    found = result.toxicity
    if found is None:
        return (), None
    return (found.label,), max(found.probability, 1.0 - found.probability)


def _authenticity(result: Any) -> Reading:
    # The curve needs the probability of "fake", whichever answer is the likelier.
    return ("1",), 0.0 if result.fake_probability is None else result.fake_probability


def _account(row: Mapping[str, Any]) -> Any:
    from deployments.account_authenticity import AccountFeatures

    def flag(name: str) -> bool | None:
        return None if row.get(name) is None else bool(row[name])

    return AccountFeatures(
        followers_count=row["userFollowerCount"],
        following_count=row["userFollowingCount"],
        posts_count=row.get("userMediaCount"),
        biography_length=row.get("userBiographyLength"),
        has_profile_picture=flag("userHasProfilPic"),
        is_private=flag("userIsPrivate"),
        username_digits=row.get("usernameDigitCount"),
        username_length=row.get("usernameLength"),
    )


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "sentiment",
            "sentiment",
            _labelled,
            (
                Use(
                    datasets.UMSAB,
                    (
                        Measure("macro-F1", metrics.macro_f1_over_languages, 0.65, grouped=metrics.macro_f1),
                        Measure("macro recall, English", metrics.macro_recall, language="en"),
                        _calibration(),
                    ),
                ),
                Use(
                    datasets.TWEETEVAL_SENTIMENT,
                    (Measure("macro recall", metrics.macro_recall, 0.69), _calibration()),
                    is_optional=True,
                ),
            ),
        ),
        Task(
            "language",
            "language",
            _language,
            (
                Use(datasets.UMSAB, (_share_right("accuracy"), _calibration(None)), label="language"),
                Use(
                    datasets.LANGUAGE,
                    (_share_right("accuracy", 0.965), _calibration(None)),
                    label="language",
                    is_optional=True,
                ),
            ),
        ),
        Task(
            "category",
            "category",
            _labelled,
            (
                Use(
                    datasets.CATEGORY,
                    (
                        _share_right("top-1 accuracy", 0.85),
                        Measure("top-3 accuracy", metrics.top_3_accuracy, 0.95),
                        _calibration(),
                    ),
                ),
            ),
        ),
        Task(
            "emotion",
            "advanced_nlp",
            _emotion,
            (Use(datasets.TWEETEVAL_EMOTION, (Measure("macro-F1", metrics.macro_f1, 0.73), _calibration())),),
            has_fallback=False,
        ),
        Task(
            "offensive",
            "advanced_nlp",
            _offensive,
            (Use(datasets.TWEETEVAL_OFFENSIVE, (Measure("macro-F1", metrics.macro_f1, 0.74), _calibration(None))),),
            has_fallback=False,
        ),
        Task(
            "account_authenticity",
            "fraud_detection",
            _authenticity,
            (
                Use(
                    datasets.INSTAFAKE,
                    (
                        Measure("ROC AUC", metrics.area_under_curve, 0.95),
                        _calibration(None),
                    ),
                    label="isFake",
                ),
            ),
            has_fallback=False,
            make_input=_account,
        ),
    )
}
NAMES = (*TASKS, *sorted({task.slot for task in TASKS.values()} - {*TASKS, "fraud_detection"}))


def tasks_of(name: str | None) -> list[Task]:
    """The tasks that a model's or a task's name stands for; all of them without one. Raises InvalidInput for another name."""
    if name is not None and name not in NAMES:
        raise InvalidInput(f"There is nothing to evaluate called {name!r}; there is: {', '.join(NAMES)}")
    return [task for task in TASKS.values() if name in (None, task.name, task.slot)]


def groups_of(measure: Measure, answers: Answers) -> dict[str, dict[str, float]]:
    """The measure within each language and each kind of row, where there are several: by_language and by_kind."""
    if measure.grouped is None:
        return {}
    found = {}
    for title, values in (("by_language", answers.languages), ("by_kind", answers.kinds)):
        names = sorted(set(values.tolist()))
        if len(names) > 1:
            found[title] = {name: measure.grouped(answers.part(values == name)) for name in names}
    return found
