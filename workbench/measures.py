"""What every recipe reports of its optimizer and its units, declared once: the metrics and the charts that they stand in."""

from __future__ import annotations

from workbench.recipe import Chart, Metric

OPTIMIZER = {
    "train/grad_norm": Metric(chart="grad_norm", help="Length of the gradient of all weights, before clipping."),
    "train/grad_norm/*": Metric(chart="layers", help="Length of the gradient of one layer's weights, before clipping."),
    "train/update_ratio": Metric(chart="update_ratio", help="Length of the update over that of the weights; 1e-3 is usual."),
    "train/update_ratio/*": Metric(chart="layer_updates", help="Length of the update of one layer over that of its weights."),
    "train/lr": Metric(chart="lr", help="Learning rate of the step."),
}
OPTIMIZER_CHARTS = {
    "grad_norm": Chart("gradient norm", log=True),
    "layers": Chart("gradient per layer", log=True),
    "update_ratio": Chart("update to weights", log=True),
    "layer_updates": Chart("update per layer", log=True),
    "lr": Chart("learning rate"),
}
UNITS = {
    "validation/dead_units/*": Metric(
        unit="%",
        chart="dead_units",
        help="Share of a layer's units that answer all of up to 500 validation examples alike, as a ReLU that is always 0.",
    ),
}
UNITS_CHARTS = {"dead_units": Chart("dead units", kind="strip")}
