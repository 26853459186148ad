"""Unlearning Workbench: audit whether a trained model has forgotten what it was asked to forget."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("unlearning-workbench")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0+checkout"
