"""What runs of the attention recipe log, how it is drawn, and which number decides."""

from __future__ import annotations

from workbench.measures import OPTIMIZER, OPTIMIZER_CHARTS, UNITS, UNITS_CHARTS
from workbench.recipe import Chart, Metric, Task

_TRAINING = {
    "train/loss": Metric("min", chart="loss", help="Cross-entropy of the step's batch, in nats a token."),
    **OPTIMIZER,
    **UNITS,
}
_CHARTS = {
    "loss": Chart("loss"),
    **OPTIMIZER_CHARTS,
    **UNITS_CHARTS,
}


def _judged(measures: dict[str, Metric]) -> dict[str, Metric]:
    """The measures of both splits that judge."""
    return {f"{split}/{name}": metric for split in ("validation", "test") for name, metric in measures.items()}


PRONOUNCE = Task(
    name="pronounce",
    metrics=_TRAINING
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy under teacher forcing, in nats a phone."),
            "phone_error_rate": Metric("min", "%", "errors", "Edits by phones of the closest listed pronunciation."),
            "word_error_rate": Metric("min", "%", "errors", "Share of words that equal no listed pronunciation."),
        }
    ),
    charts=_CHARTS | {"errors": Chart("error rates")},
    slots=("loss", "errors", "preview:decoded", "preview:attention"),
    objective="validation/phone_error_rate",
)
PAIRS = Task(
    name="pairs",
    metrics=_TRAINING
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy under teacher forcing, in nats a token."),
            "token_error_rate": Metric("min", "%", "errors", "Edits by tokens of the closest target."),
            "exact_match": Metric("max", "%", "exact", "Share of targets that are right to the last token."),
        }
    ),
    charts=_CHARTS | {"errors": Chart("token error rate"), "exact": Chart("exact match")},
    slots=("loss", "exact", "preview:decoded", "preview:attention"),
    objective="validation/exact_match",
)
TEXT = Task(
    name="text",
    metrics=_TRAINING
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy, in nats a character."),
            "bits_per_character": Metric("min", "bits", "bits", "Mean surprise at a character, in bits."),
        }
    ),
    charts=_CHARTS | {"bits": Chart("bits per character")},
    slots=("loss", "bits", "preview:decoded", "preview:attention"),
    objective="validation/bits_per_character",
)
ROWS = Task(
    name="rows",
    metrics=_TRAINING
    | {"train/accuracy": Metric("max", "%", "accuracy", "Share of the step's batch named right, with dropout.")}
    | _judged(
        {
            "loss": Metric("min", "", "loss", "Mean cross-entropy, in nats."),
            "accuracy": Metric("max", "%", "accuracy", "Share of images named right."),
            "precision": Metric("max", "%", "scores", "Of what was called a class, the share that is it; mean of classes."),
            "recall": Metric("max", "%", "scores", "Of a class, the share that was called so; mean of classes."),
            "f1": Metric("max", "%", "scores", "Harmonic mean of precision and recall; mean of classes."),
            "f1/*": Metric("max", "%", "classes", "Harmonic mean of precision and recall of one class."),
        }
    ),
    charts=_CHARTS | {"accuracy": Chart("accuracy"), "scores": Chart("mean scores"), "classes": Chart("F1 per class")},
    slots=("loss", "accuracy", "preview:worst", "preview:attention"),
    objective="validation/accuracy",
)
