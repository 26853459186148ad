"""What the numbers of the recovery tests and of planted rows mean, for the catalogue."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards import MetricCard

RECOVERY_CARDS = (
    MetricCard(
        name="relearn_transfer_accuracy",
        title="Forget accuracy after relearning the other half",
        definition=(
            "A copy of the model is trained on one half of the forget rows, chosen at random, "
            "until it knows them nearly as well as the original did. This is its accuracy on the "
            "other half, which it was not shown: what comes back there had been left in the model."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models after the same training",
        caveat=(
            "Halves of one class teach each other, also to a model that never saw them; the "
            "retrained models show how much."
        ),
        source="Chundawat et al. 2023 (arXiv:2201.05629), tested on rows held out of it",
    ),
    MetricCard(
        name="quantised_accuracy",
        title="Accuracy after rounding the weights",
        definition=(
            "The accuracy of a copy whose weights were rounded to 8 or 4 bits, as is done to run a "
            "model on small devices. Forgetting that consists of tiny changes of the weights is "
            "rounded away, and the forget accuracy rises again."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models rounded in the same way",
        caveat=(
            "Four bits alone can ruin a small network: read the forget rows beside the test rows. "
            "Only the weights are rounded, not what flows through the network."
        ),
        source="Zhang et al. 2024 (arXiv:2410.16454); interval: Wilson 1927",
    ),
    MetricCard(
        name="pruned_accuracy",
        title="Accuracy after removing small weights",
        definition=(
            "The accuracy of a copy in which the 20 or 50 % of the weights that are closest to "
            "zero, over all layers, were set to zero."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models pruned in the same way",
        caveat="Half of the weights of a small network may be too many: read the test rows too.",
        source="Han et al. 2015 (arXiv:1506.02626); Jia et al. 2023 (arXiv:2304.04934)",
    ),
    MetricCard(
        name="prototype_accuracy",
        title="Forget accuracy with a new last layer",
        definition=(
            "The last layer's weights for each class in the forget set are replaced by the mean "
            "features of a few forget rows of that class. This is the accuracy on the other forget "
            "rows: if it is high although the model was said to have forgotten, the features that "
            "tell these rows survived and only the last layer was changed."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models with a last layer replaced in the same way",
        caveat=(
            "Features learned from other classes can tell a class that was never seen; retrained "
            "models show how well."
        ),
        source="after arXiv:2506.01318; interval: Wilson 1927",
    ),
    MetricCard(
        name="probe_auc",
        title="Linear probe of the features",
        definition=(
            "How well a linear classifier, fitted to the model's last features and tested on rows "
            "it was not fitted to, tells the forget rows from others: from the retain rows if "
            "whole classes were forgotten, else from comparable rows the model never saw."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.SCORE,
        target="the AUC of the same probe on retrained models",
        caveat=(
            "A class can be told from others by features that were never trained on it, so only "
            "the comparison with retrained models says anything. At 0.5 the probe guesses; with "
            "few rows it may also fall somewhat below."
        ),
        source="Alain and Bengio 2017 (arXiv:1610.01644); interval: DeLong et al. 1988",
    ),
    MetricCard(
        name="interclass_error",
        title="Confusion of the two swapped classes",
        definition=(
            "Of the test rows of two classes whose labels were swapped in part of the training "
            "rows, the share that the model takes for the other of the two."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share for models retrained without the swapped rows",
        caveat=(
            "Classes that look alike are confused without any swap. Exists only where labels were "
            "swapped on purpose."
        ),
        source="Goel et al. 2022 (arXiv:2201.06640); interval: Wilson 1927",
    ),
    MetricCard(
        name="interclass_memory",
        title="Swapped labels still answered",
        definition=(
            "Of the training rows whose labels were swapped on purpose, the share for which the "
            "model still gives the wrong label it was taught."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share for models retrained without the swapped rows",
        caveat="Counts all swapped rows, also those that the forget set leaves out.",
        source="Goel et al. 2022 (arXiv:2201.06640); interval: Wilson 1927",
    ),
    MetricCard(
        name="backdoor_success",
        title="Backdoor success",
        definition=(
            "A trigger was planted in training rows together with one wanted label. This is the "
            "share of test rows of other classes that get this label once they carry the trigger."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share for models retrained without the planted rows, usually close to 0",
        caveat=(
            "A model can lose the backdoor by losing its accuracy: read the test accuracy too. "
            "Below 200 triggered rows it is not computed."
        ),
        source="Gu et al. 2017 (arXiv:1708.06733); Pawelczyk et al. 2024 (arXiv:2406.17216); "
        "interval: Clopper and Pearson 1934",
    ),
    MetricCard(
        name="canary_exposure",
        title="Canary exposure",
        definition=(
            "How far ahead of comparable rows that were never trained on the planted canaries "
            "rank by the loss of the model, in bits: 10 bits when each canary comes first among "
            "about a thousand. It is averaged over the canaries."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.BITS,
        target="the exposure for models retrained without the canaries, about 1.44 bits",
        caveat=(
            "It cannot exceed the logarithm of the number of rows compared with. A mean can hide "
            "single canaries that are fully exposed."
        ),
        source="Carlini et al. 2019 (arXiv:1802.08232)",
    ),
)
