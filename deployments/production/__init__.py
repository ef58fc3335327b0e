"""The production tier: the named Hugging Face models, one file for each architecture and one for each slot.

checkpoint, batches, classifier, entailment, tagger, embedder and clip need torch and transformers alone, so that they can be
measured on a machine without the cluster's packages; the slots' files join them with the rules of the embedded tier.
"""
