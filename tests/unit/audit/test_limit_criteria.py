import pytest
from audit_cases import accuracy, auc, number
from scipy import stats

from workbench.audit.limits import Limit, check_limit
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Unit
from workbench.metrics import Undefined

UPPER = Limit(0.10, upper=True, alpha=0.05)
LOWER = Limit(0.90, upper=False, alpha=0.05)


def share(k: int, n: int) -> MetricValue:
    return accuracy(k / n, n=n)


def check(metrics, limit, resolution=0.0):
    return check_limit(metrics, limit, resolution)


@pytest.mark.parametrize(
    ("k", "within", "broken"), [(2, True, False), (10, False, False), (25, False, True)]
)
def test_a_proportion_is_held_against_an_upper_limit_exactly(k, within, broken):
    found = check([share(k, 100)], UPPER)
    exact = stats.binomtest(k, 100, 0.10, alternative="greater")
    assert found.p_beyond == pytest.approx(exact.pvalue)
    assert found.high == pytest.approx(
        stats.binomtest(k, 100, alternative="less").proportion_ci(0.95).high
    )
    assert (found.within, found.p_beyond <= 0.05) == (within, broken)


@pytest.mark.parametrize(
    ("k", "within", "broken"), [(98, True, False), (90, False, False), (75, False, True)]
)
def test_a_proportion_is_held_against_a_lower_limit_exactly(k, within, broken):
    found = check([share(k, 100)], LOWER)
    assert found.p_beyond == pytest.approx(stats.binomtest(k, 100, 0.90, alternative="less").pvalue)
    assert (found.within, found.p_beyond <= 0.05) == (within, broken)


def test_none_and_all_of_the_rows_keep_a_limit():
    assert check([share(0, 50)], UPPER).high == pytest.approx(1 - 0.05 ** (1 / 50))
    assert check([share(50, 50)], LOWER).low == pytest.approx(0.05 ** (1 / 50))


def test_the_worst_seed_decides_and_its_p_value_pays_for_being_chosen():
    seeds = [share(2, 100), share(3, 100), share(25, 100)]
    found = check(seeds, UPPER)
    alone = check(seeds[2:], UPPER)
    assert found.estimate == 0.25
    assert not found.within
    assert found.p_beyond == pytest.approx(3 * alone.p_beyond)


def test_auc_is_held_against_a_limit_on_the_logit_scale():
    metric = auc(0.55, 0.50, 0.5990)
    found = check([metric], Limit(0.60, upper=True, alpha=0.05))
    assert 0.55 < found.high < 0.5990  # one-sided 95 % inside two-sided 95 %
    assert found.within
    assert check([metric], Limit(0.45, upper=True, alpha=0.05)).p_beyond < 0.001
    assert check([metric], Limit(0.55, upper=True, alpha=0.05)).p_beyond == pytest.approx(0.5)


def test_a_limit_outside_the_range_of_auc_is_always_kept():
    assert check([auc(0.9, 0.8, 0.95)], Limit(1.0, upper=True, alpha=0.05)).within


def test_an_interval_without_a_known_distribution_decides_by_itself():
    perfect = number(
        "membership_auc",
        1.0,
        unit=Unit.SCORE,
        ci_low=0.9,
        ci_high=1.0,
        ci_method="clopper-pearson-pairs",
    )
    assert check([perfect], Limit(0.6, upper=True, alpha=0.05)).p_beyond == pytest.approx(0.025)
    assert check([perfect], Limit(0.95, upper=True, alpha=0.05)).p_beyond == 1.0
    assert not check([perfect], Limit(1.0, upper=True, alpha=0.01)).within  # stored level 95 %


def test_a_metric_without_interval_is_judged_over_its_seeds():
    seeds = [number("js_divergence", v) for v in (0.04, 0.05, 0.06)]
    found = check(seeds, UPPER)
    expected = stats.ttest_1samp([0.04, 0.05, 0.06], 0.10, alternative="greater")
    assert found.p_beyond == pytest.approx(expected.pvalue)
    assert found.within


def test_one_seed_of_a_metric_without_interval_meets_no_limit():
    with pytest.raises(Undefined, match="two different models"):
        check([number("js_divergence", 0.05)], UPPER)


def test_a_range_over_rows_is_not_mistaken_for_a_confidence_interval():
    metric = number(
        "attribution_similarity",
        0.05,
        ci_low=0.04,
        ci_high=0.06,
        ci_method="interquartile range of 30 of 30 rows",
    )
    with pytest.raises(Undefined):
        check([metric], UPPER)
