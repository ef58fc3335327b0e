"""`following predict`: one model over JSON Lines, without a cluster."""

from __future__ import annotations

from typing import Annotated

import typer


def predict(
    model: Annotated[
        str, typer.Argument(help="One of the ten models, or account_authenticity; a wrong name lists them.")
    ],
) -> None:
    """Read JSON Lines from standard input and write one JSON line for each, in order.

    {"text": …} for the text models, {"path": …} for visual_content, {"username": …} of a stored profile or a profile
    object (an Apify export item, or plain facts) for the others. A line that cannot be used gives {"error": …} in its
    place, and the others go on.
    """
    import sys

    from api.prediction import answer_lines
    from cluster.settings import Settings

    failed = 0
    for answer in answer_lines(model, sys.stdin.buffer, Settings.load()):
        sys.stdout.buffer.write(answer.line)
        sys.stdout.buffer.flush()
        failed += answer.failed
    if failed:
        typer.echo(f"{failed} lines could not be used; their answers say why.", err=True)
