"""Running plugin code: only trusted code, only from its own folder, with errors in one sentence."""

from __future__ import annotations

import importlib.util
import py_compile
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.registry.conftest import CODE, MANIFEST, MakePlugin
from workbench.core.errors import PluginError, UsageError
from workbench.core.params import NoParams
from workbench.core.vocabulary import PluginKind
from workbench.registry import Contributed, Registry, is_trusted, trust
from workbench.registry.trust import _file as trust_file


def found(folder: Path, contribution: str = "one-everything") -> Contributed:
    return Registry.discover([folder]).get(PluginKind.SELECTOR, contribution)


def trusted(folder: Path, contribution: str = "one-everything") -> Contributed:
    one = found(folder, contribution)
    trust(one.plugin)
    return one


def test_a_trusted_plugin_loads_and_its_relative_imports_work(make_plugin: MakePlugin) -> None:
    selector = trusted(make_plugin()).load()
    assert selector.default == 0.5
    assert selector.select(SimpleNamespace(rows=np.arange(3)), None).tolist() == [True] * 3


def test_every_load_is_a_new_object_of_one_class(make_plugin: MakePlugin) -> None:
    one = trusted(make_plugin())
    first, second = one.load(), one.load()
    assert first is not second
    assert type(first) is type(second)


def test_equal_module_names_in_two_plugins_do_not_meet(make_plugin: MakePlugin) -> None:
    one = trusted(make_plugin("plugins/one", "one", default="0.5"))
    two = trusted(make_plugin("plugins/two", "two", default="0.75"), "two-everything")
    assert (one.load().default, two.load().default) == (0.5, 0.75)


@pytest.mark.parametrize("use", [Contributed.load, Contributed.params_model])
def test_no_code_of_an_untrusted_plugin_runs(make_plugin: MakePlugin, use: object) -> None:
    explodes = "raise RuntimeError('imported')\n"
    one = found(make_plugin(code_py=explodes, options_py=explodes))
    with pytest.raises(PluginError, match=r"not trusted.*workbench plugins trust one"):
        use(one)  # type: ignore[operator]
    with pytest.raises(PluginError, match="not trusted"):
        one.parse_params({})


def test_trust_outlives_the_process_that_gave_it(make_plugin: MakePlugin) -> None:
    folder = make_plugin()
    trusted(folder)
    assert is_trusted(found(folder).plugin)


def test_a_changed_file_ends_the_trust(make_plugin: MakePlugin) -> None:
    folder = make_plugin()
    before = trusted(folder)
    (folder / "code.py").write_text(CODE + "\n# changed\n")
    assert not is_trusted(before.plugin)
    assert not is_trusted(found(folder).plugin)
    with pytest.raises(PluginError, match="has changed"):
        before.load()


def test_a_changed_plugin_is_loaded_afresh_once_it_is_trusted(make_plugin: MakePlugin) -> None:
    folder = make_plugin(default="0.5")
    assert trusted(folder).load().default == 0.5
    make_plugin(default="0.25")
    assert trusted(folder).load().default == 0.25


def test_cached_bytecode_is_never_run(make_plugin: MakePlugin, tmp_path: Path) -> None:
    folder = make_plugin()
    evil = tmp_path / "evil.py"
    evil.write_text("class Everything: select = default = print\n")
    cache = importlib.util.cache_from_source(str(folder / "code.py"))
    py_compile.compile(
        str(evil), cache, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    assert trusted(folder).load().default == 0.5


def test_a_folder_linked_out_of_the_plugin_is_not_imported(
    make_plugin: MakePlugin, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "__init__.py").write_text("")
    folder = make_plugin(code_py="from . import linked\n")
    (folder / "linked").symlink_to(outside)
    with pytest.raises(PluginError, match="lies outside the plugin folder"):
        trusted(folder).load()


def test_a_damaged_trust_list_is_named(make_plugin: MakePlugin) -> None:
    one = trusted(make_plugin())
    trust_file().write_text("{")
    with pytest.raises(PluginError, match=r"trusted-plugins\.json cannot be read"):
        is_trusted(one.plugin)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import no_such_library\n", "code.py cannot be imported .*no_such_library"),
        ("1 / 0\n", "code.py cannot be imported .*division by zero"),
        ("def Everything(:\n", "code.py cannot be imported .*SyntaxError"),
        ("class Something: ...\n", "there is no 'Everything' in code.py"),
        ("class Everything: ...\n", "has no 'select', so it is no selector"),
        ("def Everything(one): ...\n", "cannot be created"),
    ],
)
def test_broken_code_is_one_sentence_that_names_the_plugin(
    make_plugin: MakePlugin, code: str, expected: str
) -> None:
    with pytest.raises(PluginError, match=f"Plugin 'one'.*{expected}"):
        trusted(make_plugin(code_py=code)).load()


def test_a_failed_import_leaves_no_half_made_module(make_plugin: MakePlugin) -> None:
    before = set(sys.modules)
    with pytest.raises(PluginError):
        trusted(make_plugin(code_py="1 / 0\n")).load()
    assert not [name for name in set(sys.modules) - before if name.endswith(".code")]


def test_parameters_get_their_defaults(make_plugin: MakePlugin) -> None:
    assert trusted(make_plugin()).parse_params({}).model_dump() == {"alpha": 0.5}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"alpa": 1}, "Selector 'one-everything' has no parameter 'alpa'; did you mean 'alpha'?"),
        ({"zeta": 1}, "Selector 'one-everything' has no parameter 'zeta'."),
        ({"alpha": -1}, "Selector 'one-everything': alpha must be greater than 0, got -1."),
        ({"alpha": float("nan")}, "Selector 'one-everything': alpha must be a finite number, got"),
        ({"alpha": "x"}, "Selector 'one-everything': alpha must be a valid number"),
    ],
)
def test_a_wrong_parameter_is_named_with_the_nearest_right_one(
    make_plugin: MakePlugin, values: dict[str, object], expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        trusted(make_plugin()).parse_params(values)
    assert caught.value.message.startswith(expected)


def test_a_contribution_without_parameters(make_plugin: MakePlugin) -> None:
    manifest = MANIFEST.format(id="one").replace('params = "options:Options"\n', "")
    one = found(make_plugin(plugin_toml=manifest))
    assert one.params_model() is NoParams
    with pytest.raises(UsageError, match="has no parameter 'alpha'"):
        one.parse_params({"alpha": 1})


def test_parameters_must_be_a_parameter_model(make_plugin: MakePlugin) -> None:
    one = trusted(make_plugin(options_py="DEFAULT = 1\nclass Options: ...\n"))
    with pytest.raises(PluginError, match="is no parameter model"):
        one.params_model()
