"""How fast is the machine that measures?  Absolute figures of two machines compare only beside it."""

import os
import time
from typing import Final

import numpy as np

N_ADDITIONS: Final = 2_000_000
MATRIX_ROWS: Final = 512
N_PRODUCTS: Final = 8


def describe_machine() -> str:
    """Return one line: cores, load, and the speed of one core in plain Python and in float32 products, best of three."""
    python_ns = min(_measure_python_ns() for _ in range(3))
    gflops = max(_measure_gflops() for _ in range(3))
    return (
        f"machine: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} before the start, "
        f"{python_ns:.0f} ns for one addition in a Python loop, {gflops:.0f} GFLOP/s in float32 products"
    )


def _measure_python_ns() -> float:
    total = 0
    start = time.perf_counter()
    for number in range(N_ADDITIONS):
        total += number
    return (time.perf_counter() - start) / N_ADDITIONS * 1e9


def _measure_gflops() -> float:
    one = np.random.default_rng(1).standard_normal((MATRIX_ROWS, MATRIX_ROWS), np.float32)
    start = time.perf_counter()
    for _ in range(N_PRODUCTS):
        one @ one
    return N_PRODUCTS * 2 * MATRIX_ROWS**3 / (time.perf_counter() - start) / 1e9
