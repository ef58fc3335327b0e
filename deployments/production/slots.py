"""The parts of the production tier's models, read from where the registry says they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster.errors import ModelArtefactMissing
from deployments.production.checkpoint import Checkpoint, load_checkpoint
from deployments.registry import PRODUCTION, hub_artefacts, identity_of

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.settings import ModelSettings
    from deployments.artefacts import HubArtefact
    from deployments.scores import ModelIdentity


class SlotParts:
    """A slot's artefacts by role, and its identity."""

    def __init__(self, slot: str, models: ModelSettings) -> None:
        """Raises ModelArtefactMissing when one of the slot's artefacts was not pulled."""
        self._threads = models.max_workers
        self._artefacts = {artefact.role: artefact for artefact in hub_artefacts(slot, models.cache_dir)}
        self.identity: ModelIdentity = identity_of(slot, PRODUCTION, models.cache_dir)

    def artefact(self, role: str) -> HubArtefact:
        """The slot's model of a role, as the registry words it."""
        return self._artefacts[role]

    def folder(self, role: str) -> Path:
        """Where its verified files lie; raises ModelArtefactMissing when they are not what was downloaded."""
        return self.artefact(role).verified()

    def load(self, role: str, **more: Any) -> Checkpoint:
        """The network and its tokenizer; raises ModelArtefactMissing, which names slot, tier and place."""
        artefact = self.artefact(role)
        try:
            return load_checkpoint(
                self.folder(role), artefact.architecture, name=artefact.name, threads=self._threads, **more
            )
        except ModelArtefactMissing as error:
            if "slot" in error.context:
                raise
            raise ModelArtefactMissing(str(error), slot=artefact.slot, tier=artefact.tier) from error
