"""`following token`: a token of the local issuer."""

from __future__ import annotations

from typing import Annotated

import typer


def token(
    user: Annotated[str, typer.Option(help="Local user; the same name is always the same user.")] = "demo",
) -> None:
    """Print a bare access token of the local issuer."""
    from api.local_issuer import issue_token
    from cluster.settings import Settings

    typer.echo(issue_token(Settings.load(), user))
