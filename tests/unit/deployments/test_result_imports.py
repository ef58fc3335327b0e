"""Whoever unpickles a model's result imports the module of its class: that must not bring the model's libraries along."""

from __future__ import annotations

import subprocess
import sys

RESULTS = (
    *("sentiment.Sentiment", "language.Language", "category.Category", "advanced_nlp.AdvancedNlp"),
    *("visual_results.VisualContent", "audience_quality.AudienceQuality", "audience_insights.AudienceInsights"),
    *("trend_detection.TrendDetection", "fraud_detection.FraudDetection", "behavioral_patterns.BehavioralPatterns"),
)
HEAVY = ("torch", "transformers", "cv2", "dlib", "onnxruntime", "spacy", "sklearn")


def test_results_are_read_without_the_libraries_that_made_them():
    imports = "\n".join("from deployments.{} import {}".format(*result.split(".")) for result in RESULTS)
    program = f"import sys\n{imports}\nprint([name for name in {HEAVY!r} if name in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
