"""Everything a plugin author imports. Semantic-versioned; free of torch and Qt at run time."""

from workbench.core.cancellation import Cancelled
from workbench.core.dataset import Dataset, Preprocessing, check_dataset
from workbench.core.errors import DataError, PluginError, UsageError
from workbench.core.params import NoParams, Params
from workbench.core.recipe import Recipe
from workbench.core.selection import select
from workbench.core.vocabulary import Split
from workbench.core.where import parse_where
from workbench.plugin_api.contributions import (
    Architecture,
    Attack,
    Attribution,
    DatasetSource,
    Method,
    RowOutputs,
    Selector,
    SelectorData,
)
from workbench.plugin_api.manifest import API_VERSION, Contribution, Manifest, Need
from workbench.plugin_api.method_context import Batch, MethodContext
from workbench.plugin_api.tuning import TuningParams

__all__ = [
    "API_VERSION",
    "Architecture",
    "Attack",
    "Attribution",
    "Batch",
    "Cancelled",
    "Contribution",
    "DataError",
    "Dataset",
    "DatasetSource",
    "Manifest",
    "Method",
    "MethodContext",
    "Need",
    "NoParams",
    "Params",
    "PluginError",
    "Preprocessing",
    "Recipe",
    "RowOutputs",
    "Selector",
    "SelectorData",
    "Split",
    "TuningParams",
    "UsageError",
    "check_dataset",
    "parse_where",
    "select",
]
