"""What a person does to runs with a key: requests to workers, labels, the trash and its undo. The polling thread does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.tui.messages import Asked, Told

if TYPE_CHECKING:
    from workbench.runs.control import Kind
    from workbench.runs.store import Store
    from workbench.tui.polling.poller import Job


class RunJobs:
    """Hands each job to `do`, since no key may wait for a disk."""

    def __init__(self, do: Callable[[Job], None]) -> None:
        self._do = do
        self._deleted: list[tuple[str, ...]] = []  # what each deletion of this session moved, the last one last

    def ask(self, run_id: str, kind: Kind, **arguments: str) -> None:
        """Leave a request for a run's worker; `Asked` tells, its answer comes through the log."""
        from workbench.runs import control

        self._do(lambda store: Asked(control.ask(store.folder(run_id), kind, **arguments).id, kind))

    def delete(self, run_ids: Sequence[str], undo: str) -> None:
        """Move runs to the trash folder, and say by which key they come back."""
        self._deleted.append(tuple(run_ids))

        def job(store: Store) -> Told:
            for run_id in run_ids:
                store.delete(run_id)
            what = run_ids[0] if len(run_ids) == 1 else f"{len(run_ids)} runs"
            return Told(f"moved to the trash: {what}; {undo} brings {'it' if len(run_ids) == 1 else 'them'} back")

        self._do(job)

    def restore(self) -> None:
        """Bring back what was deleted last: all runs of one deletion, or the newest in the trash from before this session."""
        run_ids = self._deleted.pop() if self._deleted else ("",)

        def job(store: Store) -> Told:
            return Told(f"back from the trash: {', '.join(store.restore(run_id).id for run_id in run_ids)}")

        self._do(job)

    def stop_sweep(self, name: str) -> None:
        """Stop a sweep on all its machines."""

        def job(store: Store) -> None:
            from workbench.launching import sweep
            from workbench.sweeps import folder

            sweep.stop(folder.find(store.root, name), store)

        self._do(job)

    def resume_sweep(self, name: str) -> None:
        """Go on with a sweep on this machine."""

        def job(store: Store) -> None:
            from workbench.launching import sweep
            from workbench.sweeps import folder

            sweep.resume(folder.find(store.root, name), store.root)

        self._do(job)

    def label(self, run_ids: Sequence[str], **changed: object) -> None:
        """Change what may change after the start: name, tags, note, pin."""

        def job(store: Store) -> None:
            for run_id in run_ids:
                folder = store.folder(run_id)
                folder.write_labels(folder.labels().model_copy(update=changed))

        self._do(job)

    def tag(self, run_ids: Sequence[str], tags: Sequence[str]) -> None:
        """Add tags to those that the runs have."""

        def job(store: Store) -> None:
            for run_id in run_ids:
                folder = store.folder(run_id)
                labels = folder.labels()
                folder.write_labels(labels.model_copy(update={"tags": tuple(dict.fromkeys([*labels.tags, *tags]))}))

        self._do(job)
