"""What int8 weights save: size of a model and time of one answer against fp32, in turns, one thread, weights untrained."""

from __future__ import annotations

import torch

from workbench.finding import find_recipe
from workbench.schema import build
from workbench.units import size
from workbench.using import int8

PRESETS = (
    ("cnn", "mnist"), ("rnn", "text"), ("rnn", "rows"), ("attention", "pronounce"), ("attention", "text"), ("attention", "rows"),
    ("gan", "mnist"),
)  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    for name, preset in PRESETS:
        recipe = find_recipe(name)
        settings = next(each.settings for each in recipe.presets if each.name == preset)
        config = build(recipe.config, settings, recipe=name)
        module, inputs = recipe.model(config)
        plain = module.eval()
        smaller, saved = int8.quantised(plain)
        saved |= int8.compared(recipe, config, plain, smaller, inputs if isinstance(inputs, tuple) else (inputs,))
        sizes = f"{size(saved['bytes_fp32'])} -> {size(saved['bytes_int8'])}"
        speed = saved["seconds_fp32"] / saved["seconds_int8"]
        print(f"{name} {preset}: {sizes} ({saved['bytes_int8'] / saved['bytes_fp32']:.0%}), {speed:.2f} times the speed", flush=True)


if __name__ == "__main__":
    main()
