"""Small random checkpoints of the production tier's architectures, with tokenizers trained on a few sentences, as pulled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sentencepiece
import torch
import transformers
from tokenizers import ByteLevelBPETokenizer

from deployments.hub_cache import FileRecord, Snapshot, digest_of, record_snapshot, snapshot_folder
from deployments.registry import HUB_ARTEFACTS
from tests.unit.deployments.captions import ODD, PLAIN

if TYPE_CHECKING:
    from pathlib import Path

    from deployments.artefacts import HubArtefact

REVISION = "0123456789abcdef0123456789abcdef01234567"
WIDTH, LAYERS, HEADS = 32, 2, 2
SENTENCES = [
    *(text for text in (*PLAIN, *ODD) if text.isprintable()),
    "This post is about food and drink.",
    "I love this so much! @user http",
    "a photo of a cat. a photo of a beach or the sea.",
]
NER_LABELS = ("O", "B-DATE", "I-DATE", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
LABELS = {  # as the configurations on the hub have them, which is not always the registry's order
    "cardiffnlp/twitter-roberta-base-sentiment-latest": ("negative", "neutral", "positive"),
    "cardiffnlp/twitter-xlm-roberta-base-sentiment": ("Positive", "Negative", "Neutral"),
    "facebook/bart-large-mnli": ("contradiction", "neutral", "entailment"),
    "Davlan/xlm-roberta-base-ner-hrl": NER_LABELS,
    "cardiffnlp/twitter-roberta-base-emotion": ("joy", "optimism", "anger", "sadness"),
    "cardiffnlp/twitter-roberta-base-offensive": ("non-offensive", "offensive"),
}


def write_all(cache_dir: Path) -> None:
    """Every hub model of the registry, in the hub's snapshot layout, with the manifest that a pull writes."""
    for row in HUB_ARTEFACTS:
        write_one(cache_dir, row)


def write_one(cache_dir: Path, row: HubArtefact) -> Path:
    """One model's snapshot and its entry in the manifest; its folder."""
    revision = row.pin or REVISION
    folder = snapshot_folder(cache_dir, row.name, revision)
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(len(row.name))
        BUILDERS[row.architecture](folder, LABELS.get(row.name, row.labels))
    record(cache_dir, row.name, folder)
    return folder


def record(cache_dir: Path, name: str, folder: Path) -> None:
    """Write the folder's files into the manifest as they are."""
    files = {path.name: FileRecord(path.stat().st_size, digest_of(path)) for path in sorted(folder.iterdir())}
    record_snapshot(cache_dir, name, Snapshot(folder.name, files))


def rewrite_weights(cache_dir: Path, row: HubArtefact, change) -> None:
    """Change the tensors of a written model in place, and the manifest with them."""
    from safetensors.torch import load_file, save_file

    folder = snapshot_folder(cache_dir, row.name, row.pin or REVISION)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    record(cache_dir, row.name, folder)


def _roberta(folder: Path, labels: tuple[str, ...]) -> None:
    size = _write_bpe(folder)
    config = transformers.RobertaConfig(**_encoder(size), **_named(labels))
    _save(transformers.RobertaForSequenceClassification(config), folder)


def _xlm_classifier(folder: Path, labels: tuple[str, ...]) -> None:
    size = _write_sentencepiece(folder)
    config = transformers.XLMRobertaConfig(**_encoder(size), **_named(labels))
    _save(transformers.XLMRobertaForSequenceClassification(config), folder)


def _xlm_tagger(folder: Path, labels: tuple[str, ...]) -> None:
    size = _write_sentencepiece(folder)
    config = transformers.XLMRobertaConfig(**_encoder(size), **_named(labels))
    _save(transformers.XLMRobertaForTokenClassification(config), folder)


def _xlm_encoder(folder: Path, _: tuple[str, ...]) -> None:
    _save(transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**_encoder(_write_sentencepiece(folder)))), folder)


def _bart(folder: Path, labels: tuple[str, ...]) -> None:
    size = _write_bpe(folder)
    config = transformers.BartConfig(
        vocab_size=size,
        d_model=WIDTH,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=2 * WIDTH,
        decoder_ffn_dim=2 * WIDTH,
        max_position_embeddings=1024,
        **_SIGNS,
        decoder_start_token_id=2,
        init_std=0.3,
        **_named(labels),
    )
    _save(transformers.BartForSequenceClassification(config), folder)


def _clip(folder: Path, _: tuple[str, ...]) -> None:
    size = _write_bpe(folder, first="<|startoftext|>", last="<|endoftext|>")
    tower = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": LAYERS}
    tower |= {"num_attention_heads": HEADS, "projection_dim": WIDTH}
    config = transformers.CLIPConfig(
        text_config={**tower, "vocab_size": size, "max_position_embeddings": 77, **_SIGNS},
        vision_config={**tower, "image_size": 32, "patch_size": 16},
        projection_dim=WIDTH,
    )
    _save(transformers.CLIPModel(config), folder)
    prepared = {
        "size": {"shortest_edge": 32},
        "crop_size": {"height": 32, "width": 32},
        "image_mean": [0.48, 0.46, 0.41],
        "image_std": [0.27, 0.26, 0.28],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(prepared))


BUILDERS = {
    "RobertaForSequenceClassification": _roberta,
    "XLMRobertaForSequenceClassification": _xlm_classifier,
    "XLMRobertaForTokenClassification": _xlm_tagger,
    "XLMRobertaModel": _xlm_encoder,
    "BartForSequenceClassification": _bart,
    "CLIPModel": _clip,
}
_SIGNS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}


def _encoder(vocab_size: int) -> dict[str, object]:
    return {
        "vocab_size": vocab_size,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": 2 * WIDTH,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "initializer_range": 0.3,  # larger than usual, so that outputs differ from text to text
        **_SIGNS,
    }


def _named(labels: tuple[str, ...]) -> dict[str, object]:
    return {"id2label": dict(enumerate(labels)), "label2id": {label: number for number, label in enumerate(labels)}}


def _save(network, folder: Path) -> None:
    transformers.utils.logging.disable_progress_bar()
    network.save_pretrained(folder)


def _write_bpe(folder: Path, first: str = "<s>", last: str = "</s>") -> int:
    """vocab.json and merges.txt, as RoBERTa's and CLIP's repositories have them, without tokenizer.json."""
    tokenizer = ByteLevelBPETokenizer()
    signs = [first, "<pad>", last, "<unk>", "<mask>"]
    tokenizer.train_from_iterator(SENTENCES, vocab_size=400, min_frequency=2, special_tokens=signs, show_progress=False)
    tokenizer.save_model(str(folder))
    kind = "CLIPTokenizer" if first.startswith("<|") else "RobertaTokenizer"
    told = {"tokenizer_class": kind, "bos_token": first, "eos_token": last, "pad_token": "<pad>", "unk_token": "<unk>"}
    if kind == "RobertaTokenizer":
        told |= {"cls_token": first, "sep_token": last, "mask_token": "<mask>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    return int(tokenizer.get_vocab_size())


def _write_sentencepiece(folder: Path) -> int:
    """sentencepiece.bpe.model alone, as XLM-RoBERTa's older repositories have it."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_prefix=str(folder / "sentencepiece.bpe"),
        model_type="unigram",
        vocab_size=200,
        hard_vocab_limit=False,
        character_coverage=1.0,
        minloglevel=2,
    )
    (folder / "sentencepiece.bpe.vocab").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "XLMRobertaTokenizer"}))
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.bpe.model"))
    return int(pieces.get_piece_size()) + 2  # <pad> and <mask> are added
