"""Benchmarks with their reports, and load scenarios."""
