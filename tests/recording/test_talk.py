import threading

import pytest

from tests.builders import loop, new_run, started
from tests.training_runs import events_of, wait_for
from workbench.events.types import Paused, Resumed
from workbench.events.writer import EventWriter
from workbench.recording import talk as talking
from workbench.recording.talk import Talk
from workbench.runs import control
from workbench.runs.reading.state import RunState
from workbench.session.journal import Journal


@pytest.fixture
def folder(tmp_path):
    return new_run(tmp_path, "script-1")


@pytest.fixture
def talk(folder):
    journal = Journal(folder, EventWriter(folder.events), RunState())
    journal.write(started())
    journal.write(loop())
    return Talk(folder, journal)


def answers(talk):
    return list(talk._journal.state.answers.values())


def test_a_pause_holds_the_script_where_it_asks_until_it_is_resumed(folder, talk):
    assert not talk.should_stop()
    control.ask(folder, "pause", by="ada")
    talk.answer(3)
    assert answers(talk) == []
    asking = threading.Thread(target=talk.should_stop)
    asking.start()
    wait_for(lambda: talk._waits)
    talk.answer(3)
    assert answers(talk) == [(True, "paused at step 3")]
    control.ask(folder, "resume", by="ada")
    talk.answer(3)
    asking.join(60)
    assert not asking.is_alive()
    assert [type(event) for event in events_of(folder)[2:] if isinstance(event, Paused | Resumed)] == [Paused, Resumed]


def test_a_stop_frees_a_script_that_is_paused(folder, talk):
    talk.should_stop()
    control.ask(folder, "pause")
    talk.answer(3)
    found = []
    asking = threading.Thread(target=lambda: found.append(talk.should_stop()))
    asking.start()
    control.ask(folder, "stop", by="ada")
    talk.answer(3)
    asking.join(60)
    assert found == [True]
    assert talk.stopped_by == "ada"


def test_a_script_that_never_asks_is_not_waited_for_for_ever(folder, talk, monkeypatch):
    control.ask(folder, "stop")
    talk.answer(1)
    assert answers(talk) == []
    monkeypatch.setattr(talking, "_PATIENCE_SECONDS", -1.0)
    talk.answer(1)
    ((accepted, why),) = answers(talk)
    assert not accepted
    assert "should_stop" in why
    assert control.pending(folder) == []


@pytest.mark.parametrize(("kind", "why"), [("save", "its own checkpoints"), ("set", "its own")])
def test_what_only_a_recipe_can_do_is_refused_with_the_reason(folder, talk, kind, why):
    control.ask(folder, kind)
    talk.answer(1)
    ((accepted, words),) = answers(talk)
    assert not accepted
    assert why in words
