"""What runs of the recurrent recipe log, how it is drawn, and which number decides."""

from __future__ import annotations

from workbench.measures import OPTIMIZER, OPTIMIZER_CHARTS, UNITS_CHARTS
from workbench.recipe import Chart, Metric, Task

TRAINING = {
    "train/loss": Metric("min", chart="loss", help="Loss of the step's batch: cross-entropy in nats, or mean squared error."),
    **OPTIMIZER,
}
THROUGH_TIME = {
    "validation/gradient_reach": Metric(
        chart="reach", help="|dL/dh| at the first time step over that at the last, of the probe; below 1e-6 early inputs are not learnt."
    ),
    "validation/dead_units/*": Metric(
        unit="%", chart="dead_units", help="Share of a layer's hidden units that are the same in all probe examples at all time steps."
    ),
}
CHARTS = {
    "loss": Chart("loss"),
    **OPTIMIZER_CHARTS,
    "reach": Chart("gradient reach", log=True, kind="line"),
    **UNITS_CHARTS,
}


def _held_out(metrics: dict[str, Metric]) -> dict[str, Metric]:
    """The metrics of both splits that are evaluated."""
    loss = Metric("min", chart="loss", help="Mean loss over the split.")
    return {f"{split}/{name}": metric for split in ("validation", "test") for name, metric in {"loss": loss, **metrics}.items()}


_BITS = Metric("min", chart="bits", help="Bits that a character costs: cross-entropy / ln 2.")
TEXT = Task(
    name="text",
    metrics={
        **TRAINING,
        **THROUGH_TIME,
        "train/bits_per_character": _BITS,
        **_held_out({
            "bits_per_character": _BITS,
            "perplexity": Metric("min", chart="perplexity", help="exp(loss): between how many characters it is as good as undecided."),
        }),
    },
    charts={**CHARTS, "bits": Chart("bits per character"), "perplexity": Chart("perplexity")},
    slots=("bits", "grad_norm", "preview:through_time", "preview:text"),
    objective="validation/bits_per_character",
)  # fmt: skip
_ACCURACY = Metric("max", "%", "accuracy", "Share of sequences named right.")
CLASSIFY = Task(
    name="classify",
    metrics={
        **TRAINING,
        **THROUGH_TIME,
        "train/accuracy": _ACCURACY,
        **_held_out({
            "accuracy": _ACCURACY,
            "precision": Metric("max", "%", "scores", "Of what was called a class, the share that is it; mean of classes."),
            "recall": Metric("max", "%", "scores", "Of a class, the share that was called so; mean of classes."),
            "f1": Metric("max", "%", "scores", "Harmonic mean of precision and recall; mean of classes."),
            "f1/*": Metric("max", "%", "classes", "Harmonic mean of precision and recall of one class."),
        }),
    },
    charts={
        **CHARTS, "accuracy": Chart("accuracy"), "scores": Chart("mean scores"), "classes": Chart("F1 per class"),
    },
    slots=("loss", "accuracy", "preview:through_time", "preview:hidden"),
    objective="validation/accuracy",
)  # fmt: skip
REGRESS = Task(
    name="adding",
    metrics={
        **TRAINING,
        **THROUGH_TIME,
        **_held_out({"mse": Metric("min", chart="mse", help="Mean squared error, in the target's unit.")}),
    },
    charts={**CHARTS, "mse": Chart("mean squared error", log=True)},
    slots=("mse", "grad_norm", "preview:through_time", "preview:through_training"),
    objective="validation/mse",
)
COPY = Task(
    name="copy",
    metrics={
        **TRAINING,
        **THROUGH_TIME,
        **_held_out({"symbol_recall": Metric("max", "%", "recall", "Share of the symbols that were repeated right.")}),
    },
    charts={**CHARTS, "recall": Chart("symbols recalled")},
    slots=("loss", "recall", "preview:through_time", "preview:through_training"),
    objective="validation/symbol_recall",
)
GRADIENTS = Task(
    name="gradients",
    metrics={REGRESS.objective: REGRESS.metrics[REGRESS.objective]},  # nothing is logged, for nothing is trained
    charts={"mse": REGRESS.charts["mse"]},
    slots=("preview:vanishing", "preview:exploding", "preview:clipping", "preview:reach"),
    objective=REGRESS.objective,
)
