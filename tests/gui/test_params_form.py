"""Forms made from parameter models."""

from typing import Annotated, Literal

import pytest
from pydantic import Field
from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLabel, QLineEdit

from workbench.audit.plan import Controls, MethodChoice, RecoveryChoice
from workbench.core.params import NoParams, Params
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import PluginKind
from workbench.gui.widgets.param_entries import stepped
from workbench.gui.widgets.param_fields import fields_of, title_of
from workbench.gui.widgets.params_form import ParamsForm
from workbench.registry import Registry

REGISTRY = Registry.discover()
BUILT_IN = [one.params_model() for kind in PluginKind for one in REGISTRY.contributions(kind)]
WITH_DEFAULTS = [
    model
    for model in {Recipe, RecoveryChoice, Controls, NoParams, *BUILT_IN}
    if not any(field.is_required() for field in model.model_fields.values())
]


class Inner(Params):
    depth: int = 1


class Everything(Params):
    name: str = Field(min_length=1, description="what it is called")
    rate: float = Field(0.01, gt=0, le=10, description="step size")
    count: int | None = Field(None, ge=1, description="most rows; all if not given")
    widths: tuple[Annotated[int, Field(ge=1)], ...] = (8, 16)
    kind: Literal["fast", "exact"] = "fast"
    is_loud: bool = False
    inner: Inner = Inner()


@pytest.fixture
def make_form(qtbot):
    def make(model, values=None, **options):
        form = ParamsForm(model, values, **options)
        qtbot.addWidget(form)
        return form

    return make


def entry(form, title):
    return next(
        one
        for kind in (QAbstractSpinBox, QLineEdit, QComboBox, QCheckBox)
        for one in form.findChildren(kind)
        if one.accessibleName() == title
    )


def type_into(qtbot, widget, text):
    widget.setFocus()
    widget.selectAll()
    qtbot.keyClicks(widget, text)


def visible_faults(form):
    return [
        label.text()
        for label in form.findChildren(QLabel)
        if label.property("role") == "fault" and label.isVisibleTo(form)
    ]


@pytest.mark.parametrize("model", WITH_DEFAULTS, ids=lambda model: model.__name__)
def test_shows_the_defaults_of_every_model(make_form, model):
    form = make_form(model)
    assert not form.faults() or model.__name__ == "HighestLossParams"
    if not form.faults():
        assert form.parsed() == model()


def test_complete_raw_values(make_form):
    form = make_form(Everything, {"name": "a", "count": 3, "inner": {"depth": 4}})
    assert form.values() == {
        "name": "a",
        "rate": 0.01,
        "count": 3,
        "widths": [8, 16],
        "kind": "fast",
        "is_loud": False,
        "inner": {"depth": 4},
    }
    assert form.parsed() == Everything(name="a", count=3, inner=Inner(depth=4))


def test_what_is_typed_is_kept_and_its_fault_told_in_place(make_form, qtbot):
    form = make_form(Everything, {"name": "a"})
    type_into(qtbot, entry(form, "Rate"), "fast")
    assert form.faults() == {"rate": "“fast” is not a number."}
    assert visible_faults(form) == ["“fast” is not a number."]
    assert entry(form, "Rate").lineEdit().text() == "fast"
    assert form.values()["rate"] == "fast"
    assert form.parsed() is None
    type_into(qtbot, entry(form, "Rate"), "5e-4")
    assert form.parsed().rate == 5e-4
    assert visible_faults(form) == []


def test_bounds_are_checked_and_explained(make_form, qtbot):
    form = make_form(Everything, {"name": "a", "rate": 11})
    assert "10" in form.faults()["rate"]
    tip = entry(form, "Rate").toolTip()
    assert "Step size" in tip
    assert "Above 0, at most 10" in tip
    assert "Default: 0.01" in tip
    assert "10" in entry(form, "Rate").accessibleDescription()


def test_an_empty_optional_entry_is_none_and_says_what_that_means(make_form, qtbot):
    form = make_form(Everything, {"name": "a", "count": 5})
    rows = entry(form, "Count")
    assert rows.lineEdit().placeholderText() == "all"
    rows.lineEdit().selectAll()
    qtbot.keyClick(rows, Qt.Key.Key_Delete)
    assert form.values()["count"] is None
    assert not form.faults()


def test_what_must_be_given_is_missed(make_form, qtbot):
    form = make_form(Everything)
    assert form.faults() == {"name": "This is still missing."}
    assert "name" not in form.values()
    type_into(qtbot, entry(form, "Name"), "b")
    assert form.parsed().name == "b"


@pytest.mark.parametrize(
    ("text", "values"),
    [("1, 2", [1, 2]), ("1-4, 9", [1, 2, 3, 4, 9]), ("1,", [1]), ("", []), ("1, x", [1, "x"])],
)
def test_lists_of_numbers(make_form, qtbot, text, values):
    form = make_form(MethodChoice, {"id": "ssd", "seeds": [7]}, only=("seeds",))
    seeds = entry(form, "Seeds")
    seeds.selectAll()
    qtbot.keyClick(seeds, Qt.Key.Key_Delete)
    qtbot.keyClicks(seeds, text)
    assert form.values()["seeds"] == values
    assert bool(form.faults()) == (values in ([], [1, "x"]))


def test_runs_of_seeds_are_written_short(make_form):
    form = make_form(MethodChoice, {"id": "ssd", "seeds": [1, 2, 3, 4, 7, 9, 10]}, only=("seeds",))
    assert entry(form, "Seeds").text() == "1-4, 7, 9, 10"


def test_changed_follows_the_user_only(make_form, qtbot):
    form = make_form(Everything, {"name": "a"})
    with qtbot.assertNotEmitted(form.changed):
        form.set_values({"name": "b", "is_loud": True, "kind": "exact", "rate": 1.0})
    with qtbot.waitSignal(form.changed):
        entry(form, "Is loud").click()
    with qtbot.waitSignal(form.changed):
        qtbot.keyClick(entry(form, "Kind"), Qt.Key.Key_Up)


def test_setting_the_same_values_does_not_disturb_typing(make_form, qtbot):
    form = make_form(Everything, {"name": "a"})
    rate = entry(form, "Rate")
    type_into(qtbot, rate, "0.010")
    rate.lineEdit().setCursorPosition(2)
    form.set_values(form.values())
    assert rate.lineEdit().text() == "0.010"
    assert rate.lineEdit().cursorPosition() == 2


def test_reset_keeps_what_the_form_does_not_show(make_form, qtbot):
    form = make_form(Everything, {"name": "a", "rate": 1.0, "inner": {"depth": 9}})
    with qtbot.waitSignal(form.changed):
        form.reset()
    assert form.values()["rate"] == 0.01
    assert form.values()["inner"] == {"depth": 9}


def test_unknown_values_are_kept_and_told(make_form):
    form = make_form(Everything, {"name": "a", "bogus": 1})
    assert form.values()["bogus"] == 1
    assert any("bogus" in fault for fault in visible_faults(form))


def test_a_choice_the_model_does_not_know_is_kept_and_told(make_form):
    form = make_form(Everything, {"name": "a", "kind": "slow"})
    assert form.values()["kind"] == "slow"
    assert "kind" in form.faults()


def test_faults_of_all_fields_together(make_form):
    model = REGISTRY.get(PluginKind.SELECTOR, "highest-loss").params_model()
    form = make_form(model)
    assert list(form.faults()) == [""]
    assert visible_faults(form) == ["Give either 'count' or 'share'."]


def test_read_only_can_be_read_but_not_changed(make_form, qtbot):
    form = make_form(Everything, {"name": "a"})
    form.set_read_only(True)
    type_into(qtbot, entry(form, "Name"), "other")
    qtbot.keyClick(entry(form, "Rate"), Qt.Key.Key_Up)
    assert form.values()["name"] == "a"
    assert form.values()["rate"] == 0.01
    assert not entry(form, "Kind").isEnabled()


def test_every_entry_has_a_name_and_a_label_that_leads_to_it(make_form):
    form = make_form(Recipe)
    buddies = {label.buddy() for label in form.findChildren(QLabel) if label.buddy()}
    assert len(buddies) == len(Recipe.model_fields)
    assert all(one.accessibleName() for one in buddies)


def test_keys_step_and_the_wheel_does_not(make_form, qtbot):
    form = make_form(Recipe, {"learning_rate": 0.001, "epochs": 1})
    rate, epochs = entry(form, "Learning rate"), entry(form, "Epochs")
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    qtbot.keyClick(epochs, Qt.Key.Key_Down)
    assert form.values()["learning_rate"] == 0.002
    assert form.values()["epochs"] == 1, "the bound holds"
    event = QWheelEvent(
        rate.rect().center().toPointF(),
        rate.rect().center().toPointF(),
        rate.rect().topLeft(),
        rate.rect().bottomRight(),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    rate.wheelEvent(event)
    assert not event.isAccepted()
    assert form.values()["learning_rate"] == 0.002


@pytest.mark.parametrize(
    ("name", "value", "steps", "after"),
    [
        ("learning_rate", 0.013, 1, 0.02),
        ("learning_rate", 0.01, -1, 0.005),
        ("learning_rate", 1.0, -2, 0.2),
        ("momentum", 0.9, 1, 0.95),
        ("momentum", 0.05, -1, 0.02),
        ("momentum", 0.0, 1, 0.05),
        ("epochs", 20, 10, 30),
    ],
)
def test_steps_fit_the_size_of_a_number(name, value, steps, after):
    field = next(one for one in fields_of(Recipe) if one.name == name)
    assert stepped(field, value, steps) == pytest.approx(after)


def test_names_become_titles():
    assert title_of("learning_rate") == "Learning rate"
    assert title_of("non_member_rows") == "Non-member rows"
