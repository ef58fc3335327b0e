"""`following models`: what the ten models are made of, and getting those of the production tier."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cluster.settings import ModelSettings
    from deployments.artefacts import SupportsArtefact

PRESENT, MISSING = "present", "missing"
METRICS_SHOWN = 2  # of each measured card

app = typer.Typer(help="List the models' artefacts with state, size, licence and measured quality.")


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """List the artefacts of both tiers with state, size on disk, licence and measured quality."""
    if context.invoked_subcommand is not None:
        return
    from cluster.settings import Settings

    settings = Settings.load().models
    rows = list_artefacts(settings)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print(rows, settings)


@app.command()
def pull(
    slots: Annotated[
        list[str] | None, typer.Argument(help="sentiment, language, category, …; without one: all of them.")
    ] = None,
) -> None:
    """Fetch the production tier's models into AI_MODELS_CACHE_DIR; an interrupted pull goes on where it stopped."""
    from cluster.errors import InvalidInput
    from cluster.settings import Settings
    from deployments.hub_download import pull as fetch
    from deployments.registry import HUB_ARTEFACTS, hub_artefacts

    known = list(dict.fromkeys(row.slot for row in HUB_ARTEFACTS))
    if unknown := sorted(set(slots or ()) - set(known)):
        raise InvalidInput(f"There is nothing to pull for {', '.join(unknown)}; there is for: {', '.join(known)}")
    cache_dir = Settings.load().models.cache_dir
    for slot in slots or known:
        for artefact in hub_artefacts(slot, cache_dir):
            typer.echo(f"{slot}: {artefact.name}", err=True)
            snapshot = fetch(artefact)
            pinned = "pinned" if artefact.pin else "newest when first pulled, kept from now on"
            typer.echo(f"✓ {artefact.name}  {_size(snapshot.size_bytes)}  {snapshot.revision[:12]} ({pinned})")


def list_artefacts(settings: ModelSettings) -> list[dict[str, Any]]:
    """A record for each artefact: slot, tier, name, role, revision, state, why, used, size_bytes, licence, dtype, quality."""
    from deployments.registry import ARTEFACTS, BOTH, ENCODER, HUB_ARTEFACTS, encoder_tier, hub_artefacts, quality_of

    slots = dict.fromkeys(row.slot for row in HUB_ARTEFACTS)
    in_hub = [row for slot in slots for row in hub_artefacts(slot, settings.cache_dir)]
    artefacts: tuple[SupportsArtefact, ...] = (*ARTEFACTS, *in_hub)
    rows = []
    for artefact in artefacts:
        tier = encoder_tier(settings) if artefact.slot == ENCODER else settings.tier_of(artefact.slot)
        quality = quality_of(artefact.slot, artefact.tier)
        rows.append({**_record(artefact), "used": artefact.tier in (tier, BOTH), "quality": _summary(quality)})
    return sorted(rows, key=lambda row: [row["slot"] != ENCODER, row["slot"], row["tier"] == "production"])


def _record(artefact: SupportsArtefact) -> dict[str, Any]:
    from cluster.errors import ModelArtefactMissing

    record: dict[str, Any] = {
        "slot": artefact.slot,
        "tier": artefact.tier,
        "name": artefact.name,
        "role": artefact.role,
        "licence": artefact.licence,
        "dtype": artefact.dtype,
        "device": artefact.device,
        "batch_size": artefact.batch_size,
    }
    try:
        artefact.location()
        return {
            **record,
            "state": PRESENT,
            "why": None,
            "revision": artefact.revision,
            "size_bytes": artefact.size_bytes(),
        }
    except ModelArtefactMissing as error:
        return {**record, "state": MISSING, "why": str(error), "revision": None, "size_bytes": None}


def _summary(cards: list[dict[str, Any]]) -> list[str]:
    """The first figures of each measured card, in words."""
    return [
        f"{card['task']}: "
        + ", ".join(f"{metric['name']} {metric['value']:.3f}" for metric in card["metrics"][:METRICS_SHOWN])
        for card in cards
        if card.get("metrics")
    ]


def _print(rows: list[dict[str, Any]], settings: ModelSettings) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("slot", "tier", "artefact", "state", "size", "licence", "measured quality of the slot"):
        table.add_column(heading, justify="right" if heading == "size" else "left", overflow="fold")
    seen: set[tuple[str, str]] = set()
    for row in rows:
        state = f"[green]{row['state']}[/]" if row["state"] == PRESENT else f"[yellow]{row['state']}[/]"
        key = row["slot"], row["tier"]
        quality = "" if key in seen or row["tier"] == "both" else "\n".join(row["quality"]) or "not measured here"
        seen.add(key)
        table.add_row(
            row["slot"],
            row["tier"],
            row["name"],
            f"{state}{', used' if row['used'] else ''}",
            _size(row["size_bytes"]),
            row["licence"],
            quality,
        )
    console.print(table)
    console.print(f"Models of the hub lie in {settings.cache_dir}.", style="dim", highlight=False)
    if any(row["state"] == MISSING for row in rows):
        console.print("`following models pull [SLOT…]` fetches what is missing.", style="dim", highlight=False)


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return "–"
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:,.1f} kB"
