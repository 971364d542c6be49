"""Rules over adversarial runs: a discriminator that wins, a generator that draws only a few things.

Losses alone say little about the quality of a generator; what is measured on its samples does.
"""

from __future__ import annotations

from workbench.diagnosis.advice import any_of, change, slower
from workbench.diagnosis.finding import Case, Finding
from workbench.units import compact

_WINS = 0.98  # of the discriminator's judgements; healthy runs stay between 0.6 and 0.9
_FEW = 60
_LEAST_RECALL = 0.1  # share of real images that are near to a sample
_MOST_KL = 0.5  # of the classes of samples from the classes of the data, in nats
_LEAST_CLASSES = 0.8
_EARLY = 200  # steps in which a generator may still be learning to draw anything,
_SHARP = 250  # and to draw it so well that it is near to real images: healthy recalls were 0.29 and more by then
_LEAST_DIVERSITY = 0.25  # of the samples' pixels, as a share of the real images'


def overpowered(case: Case) -> Finding | None:
    """The discriminator tells real from generated nearly always, so the generator learns nothing from it."""
    right = case.curve("train/discriminator_accuracy")
    if len(right) < _FEW:
        return None
    late = right.last_share(0.3)
    share = sum(late.means) / len(late.means)
    if share < _WINS:
        return None
    fake = case.curve("train/fake_score").last_share(0.3).median()
    span = f"steps {late.steps[0]:,} to {late.steps[-1]:,}"
    evidence = f"the discriminator is right in {share:.1%} of its judgements, {span}; D(fake) {compact(fake)}"
    step = right.first_step(lambda mean: mean >= 0.9) or late.steps[0]
    multiple = case.value("discriminator_lr")
    advice = any_of(
        change(case, r1=1.0) if not case.value("r1") else "",
        change(case, discriminator_steps=1),
        change(case, discriminator_lr=float(f"{multiple / 2:.2g}")) if multiple else "a lower learning rate of the discriminator",
        change(case, beta1=0.0),
    )
    return Finding("overpowered", "warning", step, "the discriminator overpowers the generator", evidence, advice)


def collapsed(case: Case) -> Finding | None:
    """The samples cover only a part of what the data show."""
    classes = len(case.state.data.get("classes") or ())
    covered = case.curve("validation/classes_covered")
    kl, recall = case.curve("validation/class_kl"), case.curve("validation/recall")
    diversity = case.curve("validation/diversity")
    signs = []
    if classes and len(covered) and covered.means[-1] < _LEAST_CLASSES * classes:
        signs.append(f"{covered.means[-1]:.0f} of {classes} classes")
    if len(kl) and kl.means[-1] > _MOST_KL:
        signs.append(f"KL of the classes {compact(kl.means[-1])}")
    judged = any(f"validation/{distance}" in case.state.series for distance in ("relative_frechet_distance", "pixel_distance"))
    if judged and len(recall) and case.state.step >= _SHARP and recall.means[-1] < _LEAST_RECALL:
        signs.append(f"recall {compact(recall.means[-1])}: the share of real images that are near to a sample")
    if len(diversity) and diversity.means[-1] < _LEAST_DIVERSITY:
        signs.append(f"pixels vary {diversity.means[-1]:.0%} as much as real ones")
    if not signs or case.state.step < _EARLY:
        return None
    rate = case.value("lr")
    advice = any_of(
        change(case, r1=1.0) if not case.value("r1") else "",
        change(case, beta1=0.0),
        change(case, lr=float(f"{rate / 3:.1g}")) if rate else slower(case),
        change(case, loss="relativistic"),
    )
    last = next(curve for curve in (covered, kl, recall, diversity) if len(curve)).steps[-1]
    evidence = f"{', '.join(signs)} @ {last:,}"
    return Finding("collapsed", "error", last, "mode collapse: the generator draws only a few things", evidence, advice)
