"""What a copy of the model can be brought to know again."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
    MetricCard(
        name="relearn_steps",
        title="Steps to relearn",
        definition=(
            "How many training steps on the forget rows a copy of the model needs until it knows "
            "them nearly as well as the original did. Few steps mean that knowledge was left."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.STEPS,
        target="the number of steps retrained models need",
        caveat=(
            "It depends on the learning rate of the test. A model that reaches the step limit is "
            "only known to need more steps than that, and a damaged model also relearns slowly."
        ),
        source="Golatkar et al. 2020 (arXiv:1911.04933); Chundawat et al. 2023 (arXiv:2201.05629)",
    ),
    MetricCard(
        name="recovered_accuracy",
        title="Recovered forget accuracy",
        definition=(
            "The accuracy on the forget rows after a copy of the model is trained further on the "
            "retain rows only. If it rises although no forget row was shown, the knowledge had "
            "been hidden and not removed."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models after the same extra training",
        caveat="Rows that resemble retain rows are learned from these; retrained models show it.",
        source="Siddiqui et al. 2025 (arXiv:2505.22310)",
    ),
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
        name="noisy_accuracy",
        title="Accuracy on noisy inputs",
        definition=(
            "The accuracy after random noise was added to the inputs, with a standard deviation "
            "of 0.05 or 0.1 of the range that each channel or feature has in the training rows "
            "after preprocessing. The mean over three draws, the same for every model. Unlearning "
            "can leave a model that answers as before and yet breaks at the least disturbance."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models on the same noisy inputs",
        caveat=(
            "One extreme value widens the range, and with it the noise. The interval is about the "
            "rows and not about the noise. No attacker is this blind: it is no bound on what an "
            "adversarial example does."
        ),
        source="Hendrycks and Dietterich 2019 (arXiv:1903.12261); interval: Wilson 1927",
    ),
    MetricCard(
        name="inversion_gain",
        title="Gain of class inversion",
        definition=(
            "Inputs are made up until the model is sure that they are of a forgotten class (Adam "
            "at rate 0.05 on ln p(class) - 0.001 TV - 0.0001 |x|^2, kept inside the range of the "
            "data; TV for images only). This is by how many standard deviations they lie nearer "
            "to the nearest forget row than to the nearest row of the class that no model ever "
            "saw, equally many of each; the mean over at most five classes, with an interval over "
            "the starts."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.SCORE,
        target="the gain on retrained models; only what goes beyond it is evidence",
        caveat=(
            "A weak attack: that it finds nothing proves nothing, and in deep networks it mostly "
            "finds patterns that look like noise. Distances are taken in the inputs, where what "
            "looks alike may be far. Starts share the model and the rows, so the interval tells "
            "only how much the start matters. What was made up is thrown away, for it may "
            "resemble a person."
        ),
        source="Fredrikson et al. 2015 (doi:10.1145/2810103.2813677); nearness: this workbench",
    ),
    MetricCard(
        name="loss_barrier",
        title="Loss barrier to the original",
        definition=(
            "The highest hill of the mean loss on the straight line of weights from the original "
            "to this model, at eleven points, above the line that joins the losses at its ends; 0 "
            "is no hill. The statistics of batch normalisation are computed anew on retain rows "
            "at every point."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.NATS,
        target="none; high for models trained from other seeds",
        caveat=(
            "No hill means that the two probably share a basin, so that what the original knew is "
            "easily learned again; a hill is no proof of erasure, for networks that compute the "
            "same in another order of their units have one too. Read the retain rows: on forget "
            "rows that the model has lost, its own end of the line is so high that no hill shows."
        ),
        source="Entezari et al. 2022 (arXiv:2110.06296); Jordan et al. 2023 (arXiv:2211.08403)",
    ),
)
