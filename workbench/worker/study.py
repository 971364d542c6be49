"""A search through Optuna: which settings to try next, when to give a run up, and what mattered.

All machines share Optuna's journal in the folder of the sweep. The sampler is made anew for each run, seeded by its number, so
that a search that was interrupted goes on as it would have gone on.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import warnings
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.schema import Value
from workbench.sweeps.folder import SweepFolder
from workbench.sweeps.plan import Plan, as_setting

if TYPE_CHECKING:
    import optuna

_UNIT = "workbench_run"
_WARM_UP = 2  # evaluations that every run may make
_GRACE_SECONDS = 10  # until the lock of a process that was killed while it wrote is taken away


def require_optuna() -> None:
    """Refuse a search where there is nothing to search with.

    Raises:
        WorkbenchError: Optuna is not installed.
    """
    if importlib.util.find_spec("optuna") is None:
        raise WorkbenchError(
            "--trials needs Optuna, which is not installed", "pip install 'training-workbench[sweep]'; a grid (lr=1e-3,3e-3) works without"
        )


class Study:
    """The search of one sweep."""

    def __init__(self, folder: SweepFolder, plan: Plan) -> None:
        require_optuna()
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna, self._plan = optuna, plan
        path = str(folder.journal)
        storage = JournalStorage(JournalFileBackend(path, lock_obj=JournalFileSymlinkLock(path, grace_period=_GRACE_SECONDS)))
        self._study = optuna.create_study(
            study_name=folder.name, storage=storage, load_if_exists=True, direction="maximize" if plan.goal == "max" else "minimize",
            pruner=_pruner(optuna, plan),
        )  # fmt: skip

    def settings(self, number: int) -> dict[str, Value]:
        """What run `number` tries; the same again where it was asked before."""
        trial = self._trial(number) or self._ask(number)
        return {name: as_setting(space, self._suggest(trial, name)) for name, space in self._plan.search.items()}

    def is_hopeless(self, number: int, evaluation: int, value: float) -> bool:
        """Take in an evaluation; whether the run is so much worse there than those before it that the pruner gives it up."""
        trial = self._trial(number)
        if trial is None or not math.isfinite(value):
            return False
        trial.report(value, evaluation)
        return bool(trial.should_prune())

    def tell(self, number: int, state: str, value: float | None) -> None:
        """How a run ended; a second time changes nothing."""
        trial = self._trial(number)
        if trial is None:
            return
        states = self._optuna.trial.TrialState
        good = value is not None and math.isfinite(value)
        ended = {"finished": states.COMPLETE if good else states.FAIL, "stopped": states.PRUNED}.get(state, states.FAIL)
        self._study.sampler = self._optuna.samplers.RandomSampler()  # that of a grid would end a loop of Optuna's, and there is none
        with contextlib.suppress(ValueError):  # another process has told it
            self._study.tell(trial, value if ended == states.COMPLETE else None, state=ended, skip_if_finished=True)

    def importance(self) -> dict[str, float]:
        """How much of the variance each setting explains, by PED-ANOVA (Watanabe et al. 2023); empty below two results."""
        evaluator = self._optuna.importance.PedAnovaImportanceEvaluator()
        try:
            warnings.simplefilter("ignore")  # of few results; the process ends behind this
            found = self._optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        except (ValueError, RuntimeError):
            return {}
        return {name: float(share) for name, share in found.items() if math.isfinite(share)}

    def _ask(self, number: int) -> optuna.Trial:
        self._study.sampler = self._sampler(number)
        trial = self._study.ask()
        trial.set_user_attr(_UNIT, number)
        return trial

    def _sampler(self, number: int) -> Any:
        """As it would be here in a search that was never interrupted."""
        samplers, first = self._optuna.samplers, int(self._plan.settings.get("seed") or 0)
        seed = first * 100_003 + number
        match self._plan.sampler:
            case "random":
                return samplers.RandomSampler(seed=seed)
            case "grid":
                space = {name: list(space.choices) for name, space in self._plan.search.items()}
                return samplers.GridSampler(space, seed=first)  # one seed: combinations are known by their place
            case _:
                return samplers.TPESampler(seed=seed, n_startup_trials=min(10, max(3, self._plan.trials // 3)))

    def _trial(self, number: int) -> optuna.Trial | None:
        for frozen in self._study.get_trials(deepcopy=False):
            if frozen.user_attrs.get(_UNIT) == number:
                return None if frozen.state.is_finished() else self._optuna.Trial(self._study, frozen._trial_id)
        return None

    def _suggest(self, trial: optuna.Trial, name: str) -> Any:
        space = self._plan.search[name]
        if space.choices:
            return trial.suggest_categorical(name, list(space.choices))
        if space.whole:
            return trial.suggest_int(name, int(space.low), int(space.high), log=space.log)
        return trial.suggest_float(name, space.low, space.high, log=space.log)


def _pruner(optuna: Any, plan: Plan) -> Any:
    """What gives a run up early: it counts evaluations."""
    match plan.pruner:
        case "halving":
            return optuna.pruners.SuccessiveHalvingPruner(min_resource=_WARM_UP, reduction_factor=3)
        case "off":
            return optuna.pruners.NopPruner()
        case _:
            return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=_WARM_UP)
