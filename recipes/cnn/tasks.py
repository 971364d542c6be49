"""What runs of the image classifier log, how it is drawn, and which number decides."""

from __future__ import annotations

from workbench.recipe import Chart, Metric, Task

METRICS = {
    "train/loss": Metric("min", chart="loss", help="Cross-entropy of the step's batch, in nats."),
    "train/accuracy": Metric("max", unit="%", chart="accuracy", help="Share of the step's batch named right, augmented and with dropout."),
    "train/grad_norm": Metric(chart="grad_norm", help="Length of the gradient of all weights, before clipping."),
    "train/grad_norm/*": Metric(chart="layers", help="Length of the gradient of one layer's weights, before clipping."),
    "train/update_ratio": Metric(chart="update_ratio", help="Length of the update over that of the weights; 1e-3 is usual."),
    "train/update_ratio/*": Metric(chart="layer_updates", help="Length of the update of one layer over that of its weights."),
    "train/lr": Metric(chart="lr", help="Learning rate of the step."),
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

CHARTS = {
    "loss": Chart("loss"),
    "accuracy": Chart("accuracy"),
    "grad_norm": Chart("gradient norm", log=True),
    "layers": Chart("gradient norm per layer", log=True),
    "update_ratio": Chart("update to weights", log=True),
    "layer_updates": Chart("update to weights per layer", log=True),
    "lr": Chart("learning rate", log=True),
    "scores": Chart("precision, recall, F1"),
    "classes": Chart("F1 per class"),
}

CLASSIFY = Task(
    name="classify",
    metrics=METRICS,
    charts=CHARTS,
    slots=("loss", "grad_norm", "accuracy", "preview:worst"),
    objective="validation/accuracy",
)
