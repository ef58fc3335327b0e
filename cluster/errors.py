"""Every error the product raises on purpose.

FollowingError                     500 internal
├── InvalidInput                   422 invalid_input
│   └── InvalidUsername            422 invalid_username
├── Unauthenticated                401 unauthenticated
├── Forbidden                      403 forbidden
│   ├── PrivateAccount             403 private_account
│   └── OptedOut                   403 opted_out
├── NotFound                       404 not_found
│   └── CreatorNotFound            404 creator_not_found
├── Conflict                       409 conflict
├── Retryable                      500 internal             (the same call may succeed after retry_after_s)
│   ├── TooManyRequests            429 rate_limited
│   └── Unavailable                503 unavailable
│       ├── CircuitOpen            503 circuit_open
│       ├── UpstreamUnavailable    503 upstream_unavailable
│       ├── ModelUnavailable       503 model_unavailable
│       └── Overloaded             503 overloaded
├── UpstreamError                  502 upstream_error       (an answer that no retry mends)
│   ├── UpstreamRefused            502 upstream_refused
│   └── UpstreamMalformed          502 upstream_malformed
├── MediaRefused                   502 media_refused        (an image that is not fetched or not kept)
├── ModelArtefactMissing           500 model_artefact_missing
└── SetupError                     500 setup                (the message names the remedy)
"""

from __future__ import annotations

from typing import Any, ClassVar


class FollowingError(Exception):
    """Something went wrong inside."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    # The docstring is the message, and context is optional: an error must survive pickling, since it crosses processes.
    # The context value `details` goes to the caller as data, so it is no part of the text.
    def __init__(self, message: str | None = None, **context: Any) -> None:
        text = message or (type(self).__doc__ or "").strip()
        values = ", ".join(f"{name}={value!r}" for name, value in context.items() if name != "details")
        super().__init__(f"{text} ({values})" if values else text)
        self.context = context

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which the same call may succeed; None where repeating is pointless."""
        return None

    def to_record(self) -> dict[str, Any]:
        """The error as JSON, for a durable job; from_record is its inverse."""
        return {"code": self.code, "status": self.status, "message": str(self), "context": _jsonable(self.context)}

    @staticmethod
    def from_record(record: dict[str, Any]) -> FollowingError:
        """The error that to_record wrote, of the same class where that class still exists."""
        kind = _classes_by_code().get(str(record.get("code")), FollowingError)
        error = kind(str(record.get("message") or kind.__doc__))
        error.context = dict(record.get("context") or {})
        return error


class InvalidInput(FollowingError):
    """The request holds a value that cannot be used."""

    status = 422
    code = "invalid_input"


class InvalidUsername(InvalidInput):
    """An Instagram username has 1 to 30 letters, digits, dots and underscores; a profile URL or @name works too."""

    code = "invalid_username"


class Unauthenticated(FollowingError):
    """Send a valid access token as `Authorization: Bearer TOKEN`."""

    status = 401
    code = "unauthenticated"


class Forbidden(FollowingError):
    """This token may not do that."""

    status = 403
    code = "forbidden"


class PrivateAccount(Forbidden):
    """The account is private; only what it shows publicly is known, and nothing is charged."""

    code = "private_account"


class OptedOut(Forbidden):
    """The person behind this account asked not to be analysed."""

    code = "opted_out"


class NotFound(FollowingError):
    """There is no such thing."""

    status = 404
    code = "not_found"


class CreatorNotFound(NotFound):
    """Instagram has no public account of that name."""

    code = "creator_not_found"


class Conflict(FollowingError):
    """The same idempotency key came with another request."""

    status = 409
    code = "conflict"


class Retryable(FollowingError):
    """Try again after a while."""

    retry_after_default_s: ClassVar[float] = 5.0

    @property
    def retry_after_s(self) -> float:
        return float(self.context.get("retry_after_s", self.retry_after_default_s))


class TooManyRequests(Retryable):
    """Too many requests; slow down."""

    status = 429
    code = "rate_limited"


class Unavailable(Retryable):
    """The service cannot answer right now."""

    status = 503
    code = "unavailable"


class CircuitOpen(Unavailable):
    """Calls are paused after repeated failures."""

    code = "circuit_open"


class UpstreamUnavailable(Unavailable):
    """No source of Instagram data answers right now."""

    code = "upstream_unavailable"


class ModelUnavailable(Unavailable):
    """A model gave no answer in time."""

    code = "model_unavailable"


class Overloaded(Unavailable):
    """All workers are busy and the queue is full."""

    code = "overloaded"
    retry_after_default_s = 1.0


class UpstreamError(FollowingError):
    """An outside service answered with something that no retry mends."""

    status = 502
    code = "upstream_error"


class UpstreamRefused(UpstreamError):
    """An outside service refused the call; check its key, plan and balance."""

    code = "upstream_refused"


class UpstreamMalformed(UpstreamError):
    """An outside service's answer cannot be read."""

    code = "upstream_malformed"


class MediaRefused(FollowingError):
    """The image is not fetched or not kept."""

    status = 502
    code = "media_refused"
    transient: ClassVar[bool] = False  # whether a later try may succeed

    @property
    def reason(self) -> str:
        """A stable word for what was wrong, such as expired, too_large or private_address."""
        return str(self.context.get("reason", "unknown"))


class ModelArtefactMissing(FollowingError):
    """A model's artefact is missing."""

    code = "model_artefact_missing"


class SetupError(FollowingError):
    """The machine or its settings keep this from running."""

    code = "setup"


def _jsonable(context: dict[str, Any]) -> dict[str, Any]:
    plain = (str, int, float, bool, type(None), dict, list)
    return {name: value if isinstance(value, plain) else str(value) for name, value in context.items()}


def _classes_by_code() -> dict[str, type[FollowingError]]:
    found: dict[str, type[FollowingError]] = {}
    waiting: list[type[FollowingError]] = [FollowingError]
    while waiting:
        kind = waiting.pop()
        found.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return found
