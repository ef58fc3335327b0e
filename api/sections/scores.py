"""How a number, a label or a distribution explains itself in an answer.

Every explained value has one shape, `{value | shares, confidence, interval, n, method, model, fallback, reason}`, so that one
piece of a frontend can show them all. The stored results of the models are validated straight into these classes, with an
Origin as validation context: who made the result is then written into every explained value inside.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from deployments.scores import Distribution, ModelIdentity, Score

DECIMALS = 6  # nothing in an answer is known better than to a millionth

Value = TypeVar("Value")
Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda number: round(number, DECIMALS))]


Reasons = Annotated[dict[str, str], Field(description="Why fields of this object are null: field name and sentence.")]


class Section(BaseModel):
    """Base of everything in an answer: immutable, deaf to keys that newer writers add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ModelOut(Section):
    """Which artefact made a result."""

    name: str = Field(description="The model or the statistic.")
    revision: str = Field(description="Its pinned revision.")
    tier: str = Field(description="embedded (installed with the product, as all statistics are) or production.")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a stored result."""

    model: ModelOut | None
    fallback: bool = False

    @classmethod
    def of(cls, identity: ModelIdentity) -> Self:
        return cls(ModelOut(**asdict(identity)))


class Signed(Section):
    """Something that a model or a formula made."""

    model: ModelOut | None = Field(None, description="What made it; null only when nothing did, and reason says why.")
    fallback: bool = Field(False, description="True when a simpler method stood in for the first choice.")
    reason: str | None = Field(None, description="Why something is missing here, or why it is doubtful.")

    @model_validator(mode="before")
    @classmethod
    def _sign(cls, data: Any, info: ValidationInfo) -> Any:
        if isinstance(data, Score | Distribution):
            data = asdict(data)
        if isinstance(info.context, Origin) and isinstance(data, dict):
            return {**data, "model": info.context.model, "fallback": info.context.fallback}
        return data


class Finding(Signed):
    """One model's result with several fields; when the model gave none, all are empty and reason says why."""

    reasons: Reasons = Field(default_factory=dict)


class PartOut(Section):
    """One thing that moved a score."""

    name: str
    value: Number | None = Field(description="What was measured; null when it could not be, the explanation says why.")
    contribution: Number = Field(description="Points by which it moved the score; negative lowers it.")
    explanation: str = Field(description="A sentence for a reader without statistics.")
    n: int = Field(0, description="Observations behind this part.")


class Evidence(Section):
    """How a value came about and how far to trust it."""

    confidence: Number | None = Field(
        None, description="Probability in [0, 1]; null where an interval is given instead."
    )
    interval: tuple[Number, Number] | None = Field(
        None, description="95 % interval in the value's own unit; null where a confidence is given instead."
    )
    n: int = Field(description="Observations behind the value.")
    method: str = Field(description="Formula and its source.")


class Explained(Signed, Evidence):
    """What lies behind a value, and who made it."""


class Valued(Section, Generic[Value]):
    """One value."""

    value: Value | None = Field(
        description="The result; null when there is too little data: reason says what is missing."
    )


class ValueOut(Explained, Valued[Value], Generic[Value]):
    """One explained value."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.value is None and not self.reason:
            raise ValueError("a null value needs a reason")
        return self


class ScoreOut(ValueOut[Number]):
    """An explained number."""

    parts: tuple[PartOut, ...] = Field((), description="What moved it; empty where it has no parts.")


class LabelOut(ValueOut[str]):
    """An explained label."""


class ShareOut(Section):
    """One label's share of a distribution."""

    label: str
    share: Number = Field(description="In [0, 1]; the shares sum to one.")
    n: int = Field(description="Observations of this label.")
    interval: tuple[Number, Number] | None = Field(None, description="95 % interval of the share.")


class Shared(Section):
    """Shares of labels."""

    shares: tuple[ShareOut, ...] = Field(description="Largest first.")


class DistributionOut(Explained, Shared):
    """An explained distribution; empty with a reason when not inferable."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.shares and not self.reason:
            raise ValueError("an empty distribution needs a reason")
        return self


class CountOut(Section):
    """How often something occurs."""

    label: str
    count: int = Field(description="Posts that have it.")


class AbstentionOut(Section):
    """A statistic that was not computed, because too few observations are there."""

    statistic: str
    n: int = Field(description="Observations there are.")
    n_least: int = Field(description="Observations it needs.")
    reason: str
