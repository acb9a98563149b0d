"""Percentiles from counted buckets: as near to the truth as a bucket is wide, whoever counted what."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inference.latencies import BOUNDS_MS, NUM_BUCKETS, added, bucket_of, percentile_ms

# Within the bounds, where a bucket has two of them.
LATENCIES = st.lists(st.floats(min_value=0.01, max_value=BOUNDS_MS[-1]), min_size=1, max_size=200)


def counted(latencies_ms: list[float]) -> list[int]:
    buckets = [0] * NUM_BUCKETS
    for each in latencies_ms:
        buckets[bucket_of(each)] += 1
    return buckets


def test_bounds_grow_by_a_half_at_most():
    assert all(1 < above / below <= 1.5 for below, above in pairwise(BOUNDS_MS))


@given(LATENCIES, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(latencies_ms: list[float], share: float):
    true = float(np.quantile(latencies_ms, share, method="inverted_cdf"))

    found = percentile_ms(counted(latencies_ms), share)

    place = bucket_of(true)
    assert found is not None
    assert (BOUNDS_MS[place - 1] if place else 0) <= found <= BOUNDS_MS[place] * (1 + 1e-9)


@given(LATENCIES, LATENCIES)
def test_what_two_counted_is_what_one_would_have_counted(some: list[float], others: list[float]):
    assert added([counted(some), counted(others)]) == counted(some + others)


def test_nothing_has_no_percentile():
    assert percentile_ms([0] * NUM_BUCKETS, 0.5) is None


def test_what_is_longer_than_every_bound_is_told_as_the_last():
    assert percentile_ms(counted([10 * BOUNDS_MS[-1]]), 0.99) == pytest.approx(BOUNDS_MS[-1])
