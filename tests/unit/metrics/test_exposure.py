from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from workbench.metrics import Undefined
from workbench.metrics.exposure import expected_exposure, exposure

tied_losses = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=20)


def test_known_exposures():
    found = exposure([-1.0, 0.5, 2000.0], np.arange(1023.0))
    assert found.bits == pytest.approx([10, 9, 0])
    assert found.largest == 10
    assert expected_exposure(10**7) == pytest.approx(1 / math.log(2), abs=1e-5)


@given(tied_losses, tied_losses)
def test_exposure_matches_average_ranks(canaries, references):
    found = exposure(canaries, references)
    ranks = [rankdata([canary, *references])[0] for canary in canaries]
    assert found.bits == pytest.approx(np.log2((len(references) + 1) / np.array(ranks)))
    assert (found.bits >= 0).all()
    assert (found.bits <= found.largest + 1e-12).all()


@given(tied_losses, tied_losses)
def test_only_the_order_of_losses_counts(canaries, references):
    stretched = exposure(np.exp(canaries), np.exp(references))
    assert np.array_equal(stretched.bits, exposure(canaries, references).bits)


@given(st.integers(1, 200))
def test_expectation_is_the_mean_over_all_ranks(candidates):
    ranks = np.arange(1, candidates + 1)
    assert expected_exposure(candidates) == pytest.approx(
        np.log2(candidates / ranks).mean(), abs=1e-12
    )


def test_unseen_canaries_have_the_expected_exposure_and_memorised_ones_more():
    losses = np.random.default_rng(1).normal(size=3000)
    canaries, references = losses[:2000], losses[2000:]
    found = exposure(canaries, references)
    # ranks against one reference set share its noise: about the sd of 1 / ln 2 over 1,000
    assert found.bits.mean() == pytest.approx(found.expected, abs=4 * 1.4427 * math.sqrt(3 / 2000))
    assert exposure(canaries - 2, references).bits.mean() > found.expected + 2


def test_equal_losses_tell_nothing():
    found = exposure(np.ones(3), np.ones(999))
    assert found.bits == pytest.approx([math.log2(1000 / 500.5)] * 3)


def test_one_candidate_has_no_exposure():
    assert expected_exposure(1) == 0
    assert exposure([1.0], [2.0]).bits.tolist() == [1.0]


def test_faulty_input_is_refused():
    with pytest.raises(Undefined, match="no canary"):
        exposure([], [1.0])
    with pytest.raises(Undefined, match="no reference"):
        exposure([1.0], [])
    with pytest.raises(Undefined, match="row 1"):
        exposure([1.0, np.nan], [1.0])
    with pytest.raises(Undefined, match="no candidates"):
        expected_exposure(0)
