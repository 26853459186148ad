"""What tests of several rooms share."""

import gc
import signal

import pytest


def pytest_configure():
    """Make every test start alike, wherever and however it was started."""
    # What a test of the window left must not be torn down on a thread of a later test.
    gc.disable()
    # A shell starts what it puts in the background deaf to Ctrl-C, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_logfinish():
    """Python's own rule for when to collect, on the main thread."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return


@pytest.fixture
def tiny_plan():
    """A plan that runs in seconds: digits, a small perceptron, one method, all straw men."""
    return {
        "version": 1,
        "name": "tiny",
        "attacks": ["loss"],
        "attributions": ["saliency"],
        "attribution_rows": 4,
        "data": {
            "source": "digits",
            "params": {"train_rows": 120, "non_member_rows": 120, "label_noise": 0.1},
        },
        "model": {"architecture": "mlp", "params": {"hidden": [16]}},
        "recipe": {"epochs": 2, "learning_rate": 0.01},
        "forget_sets": [{"name": "threes", "where": "class == 3"}],
        "reference": {"band_seeds": [1, 2], "control_seeds": [3]},
        "recovery": {"relearn_cap": 3, "retain_epochs": 1},
        "methods": [{"id": "fine-tune", "params": {"epochs": 1}}],
        "criteria": [
            {"name": "forget", "metric": "accuracy", "split": "forget", "margin": 0.1},
        ],
    }


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path_factory, monkeypatch):
    """No test sees the plugins or the trust of whoever runs it."""
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("WORKBENCH_PLUGIN_DIR", str(tmp_path_factory.mktemp("plugins")))
