import pytest

from workbench.errors import ExitCode, WorkbenchError, nearest, unknown


def test_an_error_reads_as_message_and_hint():
    assert str(WorkbenchError("it is so", "do that")) == "it is so\n\nhint: do that"
    assert str(WorkbenchError("it is so")) == "it is so"
    assert WorkbenchError("it is so").code == ExitCode.WRONG_USE


def test_exit_codes_are_those_of_the_contract():
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0, "RUN_FAILED": 1, "WRONG_USE": 2, "NOT_FOUND": 3, "NO_ANSWER": 4, "INTERRUPTED": 130,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("lrr", "lr"), ("LR", "lr"), ("bach_size", "batch_size"), ("batch", "batch_size"), ("myrun", "My-Run"), ("zzz", None), ("", None)],
)
def test_the_nearest_name_is_the_one_that_was_meant(slip, meant):
    assert nearest(slip, ["lr", "batch_size", "epochs", "My-Run"]) == meant


def test_nothing_is_near_when_nothing_is_known():
    assert nearest("lr", []) is None


def test_an_unknown_name_is_shown_with_its_place_and_the_nearest_one():
    error = unknown("setting", "lrr", ["lr", "seed"], where="for recipe `cnn`", hint="`workbench recipes cnn` lists every setting")
    assert error.message == "unknown setting `lrr` for recipe `cnn`"
    assert error.hint == "did you mean `lr`? `workbench recipes cnn` lists every setting"


def test_an_unknown_name_far_from_all_is_shown_with_the_few_that_there_are():
    assert (
        unknown("recipe", "xyz", ["cnn", "gan"], hint="`workbench recipes` lists them").hint
        == "there is `cnn`, `gan`; `workbench recipes` lists them"
    )
    assert unknown("recipe", "xyz", [f"r{n}" for n in range(100)], hint="look").hint == "look"
    assert unknown("recipe", "xyz", []).hint == ""


def test_the_exit_code_can_be_chosen():
    assert unknown("run", "x", [], code=ExitCode.NOT_FOUND).code == 3
