import numpy as np
import pytest
from sklearn.decomposition import PCA

from workbench.metrics import Undefined, projection
from workbench.metrics.projection import principal_plane


@pytest.fixture
def features():
    rng = np.random.default_rng(3)
    return (rng.normal(size=(200, 6)) * [5, 3, 1, 1, 0.5, 0] + 100).astype(np.float32)


def test_plane_and_shares_are_those_of_scikit_learn(features):
    coordinates, shares = principal_plane(features)
    theirs = PCA(n_components=2, svd_solver="full").fit(features.astype(np.float64))
    expected = theirs.transform(features.astype(np.float64))
    signs = np.sign((coordinates * expected).sum(axis=0))
    np.testing.assert_allclose(coordinates, expected * signs, atol=1e-9)
    np.testing.assert_allclose(shares, theirs.explained_variance_ratio_, rtol=1e-12)


def test_largest_loading_is_positive(features):
    coordinates, _ = principal_plane(features)
    centred = features - features.mean(axis=0, dtype=np.float64)
    for place, feature in enumerate((0, 1)):
        assert centred[:, feature] @ coordinates[:, place] > 0


def test_chunks_do_not_show(features, monkeypatch):
    whole, shares = principal_plane(features)
    monkeypatch.setattr(projection, "_CHUNK_VALUES", 50)
    in_parts, other_shares = principal_plane(features)
    np.testing.assert_allclose(in_parts, whole, atol=1e-9)
    np.testing.assert_allclose(other_shares, shares, rtol=1e-12)


def test_rows_on_a_line_leave_the_second_axis_empty():
    coordinates, shares = principal_plane(np.outer(np.arange(5.0), [3, 4]))
    np.testing.assert_allclose(coordinates, [[-10, 0], [-5, 0], [0, 0], [5, 0], [10, 0]], atol=1e-9)
    np.testing.assert_allclose(shares, [1, 0], atol=1e-12)


@pytest.mark.parametrize(
    "faulty",
    [
        np.ones((1, 4)),
        np.ones((4, 1)),
        np.full((7, 3), 0.1),
        np.array([[1.0, np.nan], [2.0, 3.0]]),
        np.array([[1.0, 1e200], [2.0, 3.0]]),
    ],
)
def test_no_plane_is_undefined(faulty):
    with pytest.raises(Undefined):
        principal_plane(faulty)
