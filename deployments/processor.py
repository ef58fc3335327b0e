"""What this machine's processor computes well."""

from __future__ import annotations

from pathlib import Path


def computes_bf16() -> bool:
    """Whether the processor multiplies bf16 itself; emulation is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False  # no Linux: float32 is right everywhere
    return "avx512_bf16" in flags or "amx_bf16" in flags
