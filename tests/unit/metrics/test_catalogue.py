from __future__ import annotations

import pytest

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.catalogue import CATALOGUE

NAMES = {
    "accuracy",
    "mean_loss",
    "class_accuracy",
    "calibration_error",
    "membership_auc",
    "membership_tpr_at_fpr_0.1",
    "membership_tpr_at_fpr_0.01",
    "relearn_steps",
    "recovered_accuracy",
    "relearn_transfer_accuracy",
    "quantised_accuracy",
    "pruned_accuracy",
    "prototype_accuracy",
    "probe_auc",
    "interclass_error",
    "interclass_memory",
    "backdoor_success",
    "canary_exposure",
    "js_divergence",
    "prediction_agreement",
    "activation_distance",
    "churn",
    "attribution_similarity",
    "unlearning_seconds",
    "peak_memory",
}


def test_every_metric_of_the_audit_has_a_card():
    assert set(CATALOGUE) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_card_says_what_a_reader_needs(name):
    card = CATALOGUE[name]
    assert card.name == name
    assert isinstance(card.direction, Direction)
    assert isinstance(card.unit, Unit)
    assert card.version >= 1
    for text in (card.title, card.definition, card.target, card.caveat, card.source):
        assert text == text.strip()
        assert len(text) > 3
    for sentences in (card.definition, card.caveat):
        assert sentences.endswith(".")


def test_titles_tell_the_metrics_apart():
    assert len({card.title for card in CATALOGUE.values()}) == len(CATALOGUE)


def test_forget_set_figures_are_judged_by_retrained_models():
    for name in ("accuracy", "mean_loss", "membership_auc", "relearn_steps", "recovered_accuracy"):
        assert CATALOGUE[name].direction is Direction.REFERENCE


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        CATALOGUE["accuracy"] = CATALOGUE["churn"]  # type: ignore[index]
