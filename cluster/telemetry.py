"""Structured logs: one JSON object a line, with its request's or job's id, never with a secret.

`configure` once per process; then `log = telemetry.get_logger(__name__)` and `log.info("profile_stored", username=…)`.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, Protocol

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG_BYTES_MAX = 50_000_000  # of one file; the one before it is kept as NAME.1
LINE_BYTES_MAX = 32_000
ROTATION_CHECK_LINES = 500
DEPTH_MAX = 6  # of nested values that are searched for secrets
REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(authorization|cookie|credential|jwt|passw|secret|signature|ticket|token|api_?key|_key)$|^key$", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=earer )[\w.~+/=-]{8,}|(?<=asic )[\w+/=]{8,}"  # Authorization values
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",  # a URL's user and password
    re.IGNORECASE,
)
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(
    component: str, level: Literal["debug", "info", "warning", "error"] = "info", folder: Path | None = None
) -> None:
    """Send this process's events to `folder/COMPONENT.jsonl`, or to standard error without a folder.

    component: who logs, in every event. Events of standard `logging` from warnings on come the same way.
    """
    sink: _Sink = _File(folder / f"{component}.jsonl") if folder is not None else _StandardError()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Component(component),
            structlog.processors.format_exc_info,
            redact,
            _to_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_args: _LineLogger(sink),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Forward)]:
        root.removeHandler(handler)
    root.addHandler(_Forward(logging.WARNING))


def get_logger(name: str) -> Any:
    """The logger of a module: `debug`, `info`, `warning`, `error`, `exception`, each with an event name and fields."""
    return structlog.get_logger(module=name)  # lazy: it may be called before configure


@contextmanager
def scope(**fields: str) -> Iterator[None]:
    """Events inside carry these fields (request_id, job_id, username), also those of tasks that are started inside."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def redact(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what looks like a secret by its name or by its shape."""
    return {name: _redacted(name, value, DEPTH_MAX) for name, value in event.items()}


def _redacted(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0 or _SECRET_NAME.search(name):
        return REDACTED
    if isinstance(value, Mapping):
        return {str(key): _redacted(str(key), inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", inner, depth - 1) for inner in value]
    return _SECRET_TEXT.sub(REDACTED, str(value))


class _Component:
    def __init__(self, component: str) -> None:
        self._component = component

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        return {"component": self._component, "pid": os.getpid(), **event}


def _to_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    line = orjson.dumps(event, default=str)
    if len(line) > LINE_BYTES_MAX:
        head = {name: event[name] for name in ("component", "pid", "request_id", "level", "timestamp") if name in event}
        line = orjson.dumps({**head, "event": str(event.get("event"))[:1000], "cut_bytes": len(line)})
    return line + b"\n"


class _Sink(Protocol):
    def write(self, line: bytes) -> None: ...


class _StandardError:
    def write(self, line: bytes) -> None:
        with suppress(ValueError, BrokenPipeError):  # the interpreter is closing, or nobody reads
            sys.stderr.write(line.decode(errors="replace"))
            sys.stderr.flush()


class _File:
    """Appends whole lines; several processes may write the same file, and the first to see it full rotates it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._lines = 0

    def write(self, line: bytes) -> None:
        try:
            if self._handle is None or self._lines % ROTATION_CHECK_LINES == 0:
                self._reopen()
            self._lines += 1
            assert self._handle is not None
            os.write(self._handle, line)  # one append: lines of several processes do not mix
        except OSError as error:  # a full disk must not fail the request that logs
            _StandardError().write(
                orjson.dumps({"event": "log_failed", "file": str(self._path), "reason": str(error)}) + b"\n"
            )

    def _reopen(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if self._path.stat().st_size > LOG_BYTES_MAX:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __del__(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                os.close(self._handle)


class _LineLogger:
    def __init__(self, sink: _Sink) -> None:
        self._sink = sink

    def msg(self, line: bytes) -> None:
        self._sink.write(line)

    log = debug = info = warning = error = critical = exception = msg


class _Forward(logging.Handler):
    """Standard logging's records become events of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"message": record.getMessage()}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        get_logger(record.name).log(record.levelno, "library_message", **fields)
