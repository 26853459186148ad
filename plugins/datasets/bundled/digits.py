"""scikit-learn's handwritten digits, split so that members and non-members are exchangeable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.plugin_api import DataError, Dataset, Preprocessing, Split

from .params import DigitsParams

_LARGEST_VALUE = 16.0
_N_CLASSES = 10


class Digits:
    def load(self, path: Path | None, params: DigitsParams) -> Dataset:
        """Rows in scikit-learn's order; columns "noisy" and "true_class"."""
        from sklearn.datasets import load_digits

        if path is not None:
            raise DataError(
                "The dataset source 'digits' reads no file.", remedy="Leave the path out."
            )
        bundle = load_digits()
        truth = bundle.target.astype(np.int64)
        generator = np.random.Generator(np.random.PCG64(params.seed))
        split = _split(len(truth), params, generator)
        targets = truth.copy()
        for noisy_split in (Split.TRAIN, Split.NON_MEMBER):
            rows = np.flatnonzero(split == noisy_split)
            wrong = generator.choice(rows, round(params.label_noise * len(rows)), replace=False)
            # An offset of 1 to 9 classes is uniform over the nine other classes.
            offset = generator.integers(1, _N_CLASSES, size=len(wrong))
            targets[wrong] = (truth[wrong] + offset) % _N_CLASSES
        return Dataset(
            name="digits",
            inputs=bundle.images.astype(np.uint8)[:, np.newaxis],
            targets=targets,
            split=split,
            class_names=tuple(str(digit) for digit in range(_N_CLASSES)),
            columns={"noisy": targets != truth, "true_class": truth},
            preprocessing=Preprocessing(divide_by=_LARGEST_VALUE),
            notes=_notes(split, params),
        )


def _split(n: int, params: DigitsParams, generator: np.random.Generator) -> NDArray[np.str_]:
    left = n - params.train_rows - params.non_member_rows
    if left < 1:
        raise DataError(
            f"Digits has {n} rows: {params.train_rows} to train on and "
            f"{params.non_member_rows} non-members leave none for testing.",
            remedy="Ask for fewer of either.",
        )
    split = np.full(n, Split.TEST, dtype="U10")
    order = generator.permutation(n)
    split[order[: params.train_rows]] = Split.TRAIN
    split[order[params.train_rows : n - left]] = Split.NON_MEMBER
    return split


def _notes(split: NDArray[np.str_], params: DigitsParams) -> str:
    counts = {name: int((split == name).sum()) for name in np.unique(split)}
    text = (
        f"The 1797 handwritten digits bundled with scikit-learn, divided at random (seed "
        f"{params.seed}) into {counts['train']} training rows, {counts['test']} test rows and "
        f"{counts['non_member']} non-members that are in no training run."
    )
    if params.label_noise:
        text += (
            f" A share of {params.label_noise:g} of the training rows and of the non-members "
            "got a wrong label, uniform over the nine other classes; test labels are clean. The "
            'column "noisy" marks them, "true_class" keeps the right label.'
        )
    return text
