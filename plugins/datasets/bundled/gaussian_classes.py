"""Points drawn from one Gaussian a class: a problem whose right answers are known beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.plugin_api import DataError, Dataset, Split

from .params import GaussianClassesParams


class GaussianClasses:
    def load(self, path: Path | None, params: GaussianClassesParams) -> Dataset:
        """Training rows first, then test rows, then non-members; all drawn alike.

        Unit variance around class means that lie `separation` from the origin in random
        directions. Wrong labels are uniform over the other classes; the column "noisy" marks them.
        """
        if path is not None:
            raise DataError(
                "The dataset source 'gaussian-classes' reads no file.", remedy="Leave the path out."
            )
        sizes = {
            Split.TRAIN: params.train_rows,
            Split.TEST: params.test_rows,
            Split.NON_MEMBER: params.non_member_rows,
        }
        n = sum(sizes.values())
        draw = np.random.Generator(np.random.PCG64(params.seed))
        means = draw.normal(size=(params.classes, params.features))
        means *= params.separation / np.linalg.norm(means, axis=1, keepdims=True)
        truth = draw.integers(0, params.classes, n)
        inputs = means[truth] + draw.normal(size=(n, params.features))
        noisy = draw.random(n) < params.label_noise
        offset = draw.integers(1, params.classes, n)  # uniform over the other classes
        return Dataset(
            name="gaussian classes",
            inputs=inputs.astype(np.float32),
            targets=np.where(noisy, (truth + offset) % params.classes, truth),
            split=np.repeat([str(split) for split in sizes], list(sizes.values())),
            class_names=tuple(f"class {label}" for label in range(params.classes)),
            columns={"noisy": noisy, "true_class": truth},
            notes=(
                f"{n} points around {params.classes} class means in {params.features} dimensions "
                f"(seed {params.seed}); each label is wrong with probability "
                f"{params.label_noise:g}, in every split alike."
            ),
        )
