"""The production tier at true size with random weights, beside transformers' pipelines in fp32 with batches of 16.

    python -m loadtests.production [--captions 16] [--only entailment] [--json]

Needs torch, transformers, numpy and pillow alone, so that it runs on a GPU machine without the cluster's packages. Weights
are random because speed does not depend on them; captions are 240 of the upstream simulator's (27 words on average). Both sides
get the same captions, the same tokenizer (a small byte-level BPE trained on the captions)
and the same threads. Rows follow: one network at a time, loaded, measured and dropped.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from deployments.production.checkpoint import Checkpoint, placement, prepared
from deployments.production.classifier import Classifier
from deployments.production.clip import ClipScorer, Preparation
from deployments.production.entailment import Entailment
from deployments.production.hypotheses import HYPOTHESES, SUBJECTS, TEMPLATE
from deployments.production.tagger import Tagger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from loadtests.report import Report

CAPTIONS = Path(__file__).parent / "data" / "captions.jsonl"
BASELINE_BATCH = 16
FILTERED_LABELS = 5  # what the optional first stage leaves of the 23
POSTS_AN_HOUR_GOAL, FILTERED_GOAL, GPU_GOAL = 1_000, 3_600, 1_000_000
PEAK_SHARE_GOAL = 0.40
RATIO_GOAL = 2.5
BPE_SIZE = 3_000  # 52 tokens a caption: 2.2 a word, with hashtags, emoji and several languages
SCENE_PROMPTS = tuple(f"a photo of {subject}." for subject in SUBJECTS)
PEAK_SIDE, PEAK_REPEATS = 8_192, 10
CLIP_PREPARATION = Preparation(224, (0.481, 0.458, 0.408), (0.269, 0.261, 0.276))


@dataclass(frozen=True, slots=True)
class Measured:
    """One network: seconds for a post on either side, what it needs to load (random weights made instead of a file read) and warm up, and the arithmetic it did."""

    name: str
    ours_s: float
    baseline_s: float | None
    load_s: float
    parameters_m: float
    tera_flops: float | None = None  # of one post, counted once on a GPU


@dataclass(frozen=True, slots=True)
class Inputs:
    """What every network is given."""

    captions: list[str]
    english: list[str]  # sentiment is asked of one of two networks
    others: list[str]
    pictures: list[np.ndarray]
    tokenizer: Any


def run(progress: Console) -> Report:
    """The benchmark as `following bench` runs it."""
    from loadtests.report import Report, Row

    measured = measure(16, 8, None, progress.print)
    total = summary(measured)
    rows = [
        Row(
            "production tier, all label pairs",
            "posts/hour",
            total["posts_an_hour"],
            total["baseline_posts_an_hour"],
            GPU_GOAL if torch.cuda.is_available() else POSTS_AN_HOUR_GOAL,
            higher_is_better=True,
        ),
        Row(
            f"production tier, first stage leaves {FILTERED_LABELS} labels",
            "posts/hour",
            total["posts_an_hour_filtered"],
            total["baseline_posts_an_hour"],
            FILTERED_GOAL,
            higher_is_better=True,
        ),
        *(
            Row(f"{one.name}, one post", "ms", 1e3 * one.ours_s, one.baseline_s and 1e3 * one.baseline_s)
            for one in measured
        ),
    ]
    return Report(
        "production", rows, "following bench production", {**total, "networks": [asdict(m) for m in measured]}
    )


def measure(count: int, baseline_count: int, only: str | None, say: Callable[[str], None]) -> list[Measured]:
    """Every network over `count` captions, its baseline over the first `baseline_count` of them (0: no baseline)."""
    inputs = make_inputs(captions(count))
    done = []
    for name, measure_one in NETWORKS.items():
        if only is None or only in name:
            found = measure_one(name, inputs, baseline_count)
            beside = "" if found.baseline_s is None else f", pipeline {1e3 * found.baseline_s:,.1f} ms"
            say(f"{name}: {1e3 * found.ours_s:,.1f} ms a post{beside} (loaded in {found.load_s:.1f} s)")
            done.append(found)
    return done


def summary(measured: Sequence[Measured]) -> dict[str, Any]:
    """Posts an hour of all networks in turn, on either side; the share of a GPU's measured bf16 peak."""
    every = [one for one in measured if one.name != FILTERED]
    filtered = [one for one in measured if one.name != FULL]
    baseline = [one.baseline_s for one in every if one.baseline_s is not None]
    ours_s = sum(one.ours_s for one in every)
    complete = len(baseline) == len(every)
    told: dict[str, Any] = {
        "posts_an_hour": 3_600 / ours_s,
        "posts_an_hour_filtered": 3_600 / sum(one.ours_s for one in filtered),
        "baseline_posts_an_hour": 3_600 / sum(baseline) if complete else None,
        "ratio": sum(baseline) / ours_s if complete else None,
        "device": str(placement()[0]),
        "dtype": str(placement()[1]).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    work = [one.tera_flops for one in every if one.tera_flops is not None]
    if torch.cuda.is_available() and len(work) == len(every):
        peak = peak_tera_flops()
        told |= {"peak_tflops": peak, "reached_tflops": sum(work) / ours_s, "peak_share": sum(work) / ours_s / peak}
    return told


def captions(count: int, path: Path = CAPTIONS) -> list[str]:
    """As many captions as asked for, no two of them equal: past the file's end they come again with a number."""
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    rounds = -(-count // len(texts))
    return [f"{text} {number}" if number else text for number in range(rounds) for text in texts][:count]


def make_inputs(texts: list[str]) -> Inputs:
    """Captions, the halves that each sentiment network is asked of, pictures, and a tokenizer."""
    english = [text for text in texts if text.isascii()] or texts[:1]
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (360, 480, 3), dtype=np.uint8) for _ in texts]
    return Inputs(
        texts, english, [text for text in texts if text not in english] or texts[:1], pictures, _tokenizer(texts)
    )


def _tokenizer(texts: list[str]) -> Any:
    from tokenizers import ByteLevelBPETokenizer

    more = captions(240)
    trained = ByteLevelBPETokenizer()
    signs = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(
        [*texts, *more, *HYPOTHESES], vocab_size=BPE_SIZE, special_tokens=signs, show_progress=False
    )
    with tempfile.TemporaryDirectory() as folder:
        trained.save_model(folder)
        return transformers.RobertaTokenizer.from_pretrained(folder, model_max_length=512)


def _roberta(kind: str, labels: int, *, multilingual: bool) -> Callable[[], Any]:
    """A base-size classifier: 125 million parameters with RoBERTa's vocabulary, 278 with XLM-RoBERTa's."""

    def build() -> Any:
        config_class: Any = transformers.XLMRobertaConfig if multilingual else transformers.RobertaConfig
        config = config_class(
            vocab_size=250_002 if multilingual else 50_265,
            max_position_embeddings=514,
            type_vocab_size=1,
            num_labels=labels,
            bos_token_id=0,
            pad_token_id=1,
            eos_token_id=2,
        )
        return getattr(transformers, kind), config

    return build


def _bart() -> Any:
    config_class: Any = transformers.BartConfig
    config = config_class(
        num_labels=3,
        id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
        label2id={"contradiction": 0, "neutral": 1, "entailment": 2},
    )  # transformers' defaults are bart-large's sizes
    return transformers.BartForSequenceClassification, config


def _clip() -> Any:
    signs = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    config = transformers.CLIPConfig(text_config={"vocab_size": 49_408, **signs})  # the defaults are ViT-B/32's
    return transformers.CLIPModel, config


def random_network(build: Callable[[], Any], dtype: torch.dtype) -> Any:
    """A network of true size with transformers' random initialisation."""
    kind, config = build()
    config._attn_implementation = "sdpa"  # noqa: SLF001 - what from_pretrained sets
    torch.manual_seed(0)
    previous = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        network = kind._from_config(config, dtype=dtype, attn_implementation="sdpa")  # noqa: SLF001 - as AutoModel does
    finally:
        torch.set_default_dtype(previous)
    return network.eval()


def _measured(
    name: str,
    inputs: Inputs,
    build: Callable[[], Any],
    ours: Callable[[Checkpoint], Callable[[], object]],
    items: int,
    baseline: tuple[Callable[[Any], Callable[[list[Any]], object]], list[Any]] | None,
    weight: float = 1.0,
) -> Measured:
    """Both sides of one network. items: how many the calls handle; weight: how many of them a post has."""
    device, dtype = placement()
    started = time.perf_counter()
    checkpoint = prepared(random_network(build, dtype), inputs.tokenizer, name=name, device=device)
    call = ours(checkpoint)
    load_s = time.perf_counter() - started
    call()
    ours_s = weight * timed(call) / items
    work = weight * _tera_flops(call) / items if device.type == "cuda" else None
    parameters_m = sum(parameter.numel() for parameter in checkpoint.network.parameters()) / 1e6
    del checkpoint, call
    baseline_s = None
    if baseline is not None:
        make, given = baseline
        pipe = make(random_network(build, torch.float32).to(device))
        pipe(given[:1])
        baseline_s = weight * timed(lambda: pipe(given)) / len(given)
    return Measured(name, ours_s, baseline_s, load_s, parameters_m, work)


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call, the device's work included."""
    _wait()
    started = time.perf_counter()
    call()
    _wait()
    return time.perf_counter() - started


def peak_tera_flops() -> float:
    """The GPU's measured bf16 peak: the mean of ten products of two large square matrices."""
    left, right = (torch.randn(PEAK_SIDE, PEAK_SIDE, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        left @ right
    seconds = timed(lambda: [left @ right for _ in range(PEAK_REPEATS)]) / PEAK_REPEATS
    return 2 * PEAK_SIDE**3 / seconds / 1e12


def _tera_flops(call: Callable[[], object]) -> float:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return float(counter.get_total_flops()) / 1e12


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _pipeline(task: str, network: Any, tokenizer: Any, **more: Any) -> Any:
    pipeline: Any = transformers.pipeline  # its overloads know tasks by literal names only
    return pipeline(task, model=network, tokenizer=tokenizer, device=network.device, batch_size=BASELINE_BATCH, **more)


def _fresh(tokenizer: Any) -> Any:
    """The tokenizer as a pipeline wants it; ours is set to leave cutting and signs to us."""
    tokenizer.backend_tokenizer.encode_special_tokens = False
    return tokenizer


def _text(
    build: Callable[[], Any], task: str, chosen: str = "captions", more: dict[str, Any] | None = None
) -> Callable[[str, Inputs, int], Measured]:
    def measure_one(name: str, inputs: Inputs, baseline_count: int) -> Measured:
        texts: list[str] = getattr(inputs, chosen)
        few = texts[:baseline_count]
        weight = len(texts) / len(inputs.captions) if chosen != "captions" else 1.0

        def ours(checkpoint: Checkpoint) -> Callable[[], object]:
            if task == "token-classification":
                tagger = Tagger(checkpoint)
                return lambda: tagger.find(texts)
            classifier = Classifier(checkpoint)
            return lambda: classifier.logits(texts)

        def baseline(network: Any) -> Callable[[list[Any]], object]:
            pipe = _pipeline(task, network, _fresh(inputs.tokenizer))
            return lambda texts: pipe(texts, **(more or {}))

        beside = (baseline, few) if few else None
        return _measured(name, inputs, build, ours, len(texts), beside, weight)

    return measure_one


def _entailment(labels: int) -> Callable[[str, Inputs, int], Measured]:
    def measure_one(name: str, inputs: Inputs, baseline_count: int) -> Measured:
        wanted = np.zeros((len(inputs.captions), len(HYPOTHESES)), dtype=np.bool_)
        rng = np.random.default_rng(2)
        for row in wanted:
            row[rng.permutation(len(HYPOTHESES))[:labels]] = True
        few = inputs.captions[:baseline_count] if labels == len(HYPOTHESES) else []

        def ours(checkpoint: Checkpoint) -> Callable[[], object]:
            network = Entailment(checkpoint, HYPOTHESES)
            return lambda: network.logits(inputs.captions, wanted)

        def baseline(network: Any) -> Callable[[list[Any]], object]:
            pipe = _pipeline("zero-shot-classification", network, _fresh(inputs.tokenizer))
            return lambda given: pipe(given, candidate_labels=list(SUBJECTS), hypothesis_template=TEMPLATE)

        return _measured(name, inputs, _bart, ours, len(inputs.captions), (baseline, few) if few else None)

    return measure_one


def _pictures(name: str, inputs: Inputs, baseline_count: int) -> Measured:
    from PIL import Image

    few = [Image.fromarray(picture) for picture in inputs.pictures[:baseline_count]]

    def ours(checkpoint: Checkpoint) -> Callable[[], object]:
        scorer = ClipScorer(checkpoint, CLIP_PREPARATION)
        prompts = scorer.prompt_vectors(SCENE_PROMPTS)
        return lambda: scorer.probabilities(scorer.embed(inputs.pictures), prompts)

    def baseline(network: Any) -> Callable[[list[Any]], object]:
        prepare = getattr(transformers, "CLIPImageProcessorPil", transformers.CLIPImageProcessor)()
        pipe = _pipeline("zero-shot-image-classification", network, _fresh(inputs.tokenizer), image_processor=prepare)
        return lambda given: pipe(given, candidate_labels=list(SUBJECTS))

    return _measured(name, inputs, _clip, ours, len(inputs.pictures), (baseline, few) if few else None)


_CLASSIFIER, _XLM_CLASSIFIER = "RobertaForSequenceClassification", "XLMRobertaForSequenceClassification"
_XLM_TAGGER = "XLMRobertaForTokenClassification"
_CUT = {"truncation": True}
FULL = "category entailment, 23 labels"
FILTERED = f"category entailment, {FILTERED_LABELS} labels"
NETWORKS: dict[str, Callable[[str, Inputs, int], Measured]] = {
    "sentiment, English": _text(_roberta(_CLASSIFIER, 3, multilingual=False), "text-classification", "english", _CUT),
    "sentiment, others": _text(_roberta(_XLM_CLASSIFIER, 3, multilingual=True), "text-classification", "others", _CUT),
    "language": _text(_roberta(_XLM_CLASSIFIER, 20, multilingual=True), "text-classification", more=_CUT),
    "named entities": _text(_roberta(_XLM_TAGGER, 9, multilingual=True), "token-classification"),
    "emotion": _text(_roberta(_CLASSIFIER, 4, multilingual=False), "text-classification", more=_CUT),
    "offensive": _text(_roberta(_CLASSIFIER, 2, multilingual=False), "text-classification", more=_CUT),
    "pictures": _pictures,
    FULL: _entailment(len(HYPOTHESES)),
    FILTERED: _entailment(FILTERED_LABELS),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=int, default=16, help="how many posts ours handles")
    parser.add_argument("--baseline", type=int, default=8, help="how many of them the pipelines handle; 0: none")
    parser.add_argument("--only", help="only networks whose name holds this")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    warnings.filterwarnings("ignore", category=UserWarning)
    measured = measure(
        given.captions, given.baseline, given.only, lambda line: print(line, file=sys.stderr, flush=True)
    )
    told = {**summary(measured), "networks": [asdict(one) for one in measured]}
    print(json.dumps(told, indent=2))
    if given.json:
        given.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
