"""Measuring the models on labelled data: metrics with intervals, beside the rules that stand in for them."""
