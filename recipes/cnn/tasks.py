"""What runs of the image classifier log, how it is drawn, and which number decides."""

from __future__ import annotations

from workbench.measures import OPTIMIZER, OPTIMIZER_CHARTS, UNITS, UNITS_CHARTS
from workbench.recipe import Chart, Metric, Task

METRICS = {
    "train/loss": Metric("min", chart="loss", help="Cross-entropy of the step's batch, in nats."),
    "train/accuracy": Metric("max", unit="%", chart="accuracy", help="Share of the step's batch named right, augmented and with dropout."),
    **OPTIMIZER,
}
for _split in ("validation", "test"):
    METRICS |= {
        f"{_split}/loss": Metric("min", "", "loss", "Mean cross-entropy, in nats."),
        f"{_split}/accuracy": Metric("max", "%", "accuracy", "Share of images named right."),
        f"{_split}/precision": Metric("max", "%", "scores", "Of what was called a class, the share that is it; mean of classes."),
        f"{_split}/recall": Metric("max", "%", "scores", "Of a class, the share that was called so; mean of classes."),
        f"{_split}/f1": Metric("max", "%", "scores", "Harmonic mean of precision and recall; mean of classes."),
        f"{_split}/f1/*": Metric("max", "%", "classes", "Harmonic mean of precision and recall of one class."),
    }
METRICS |= UNITS

CHARTS = {
    "loss": Chart("loss"),
    "accuracy": Chart("accuracy"),
    **OPTIMIZER_CHARTS,
    "scores": Chart("mean scores"),
    "classes": Chart("F1 per class"),
    **UNITS_CHARTS,
}

CLASSIFY = Task(
    name="classify",
    metrics=METRICS,
    charts=CHARTS,
    slots=("loss", "grad_norm", "accuracy", "preview:worst"),
    objective="validation/accuracy",
)
