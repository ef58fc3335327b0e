"""The ten models, their artefacts, and the composition that runs them for one creator."""
