"""The command `following`: registers the commands, and tells errors without a stack trace."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from api.commands import analyze, bench, evaluate, forget, imports, lifecycle, models, predict, token
from cluster.errors import FollowingError

if TYPE_CHECKING:
    from pydantic import ValidationError

CRASH_LOG = "cli.log"
INTERRUPTED = 130  # 128 + SIGINT, as shells report it

app = typer.Typer(
    help="Judge an Instagram creator before you pay one: a username in, five explained sections out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for function in (
    lifecycle.up,
    lifecycle.down,
    lifecycle.status,
    lifecycle.logs,
    lifecycle.migrate,
    lifecycle.doctor,
    lifecycle.clean,
    token.token,
    analyze.analyze,
    predict.predict,
    evaluate.evaluate,
    bench.bench,
    forget.forget,
):
    app.command(function.__name__)(function)
app.command("import")(imports.import_files)
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command line; exits with 1 and a message on standard error where something keeps it from working."""
    try:
        app()
    except KeyboardInterrupt:
        _tell("Interrupted. `following up` goes on where it stopped; `following down` stops what runs.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except FollowingError as error:
        _tell(_message(error))
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last resort: a message and a file instead of a stack trace
        _tell(_unexpected(error))
        sys.exit(1)


def _message(error: FollowingError) -> str:
    """The error's message, its context one line each."""
    lines = [str(error)]
    if error.context:
        values = ", ".join(f"{name}={value!r}" for name, value in error.context.items())
        lines = [str(error).removesuffix(f" ({values})")]
        lines += [f"  {name.replace('_', ' ')}: {_indented(value)}" for name, value in error.context.items() if value]
    return "\n".join(lines)


def _indented(value: object) -> str:
    lines = str(value).splitlines()
    return lines[0] if len(lines) == 1 else "".join(f"\n    {line}" for line in lines)


def _unexpected(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full: free space and try again. ({error.filename or error})"
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        return _bad_settings(error)  # type: ignore[arg-type]
    summary = f"Something unexpected happened: {type(error).__name__}: {error}"
    try:
        log = _write_crash()
    except OSError as failure:
        return f"{summary}\nIts details cannot be written either: {failure}"
    return f"{summary}\nThe details are in {log}"


def _bad_settings(error: ValidationError) -> str:
    lines = [f"  {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False)]
    return f"A setting cannot be used ({error.title}); see .env.example.\n" + "\n".join(lines)


def _write_crash() -> Path:
    log = Path(os.environ.get("FOLLOWING_HOME", ".following")).absolute() / "logs" / CRASH_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
        file.write(f"\n{datetime.now(UTC).isoformat()} following {' '.join(sys.argv[1:])}\n{traceback.format_exc()}")
    return log


def _tell(message: str) -> None:
    from rich.console import Console

    Console(stderr=True, soft_wrap=True).print(f"✗ {message}", style="red", markup=False, highlight=False)


if __name__ == "__main__":
    main()
