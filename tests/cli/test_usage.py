import pytest

from workbench.cli import app


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        (["show", "--jsno", "x"], "unknown option `--jsno`", "did you mean `--json`?"),
        (["show"], "`workbench show` needs RUN", "`workbench show --help`"),
        (["show", "a", "b"], "unexpected `b`", "`workbench show --help`"),
        (["show", "last", "--runs"], "`--runs` needs a value", ""),
        (["pause", "x", "--timeout", "soon"], "`--timeout` is `soon`, expected a number", ""),
        (["sample", "x", "--temperature", "-1"], "`--temperature` is `-1`, expected a number at least 0", "`workbench sample --help`"),
        (["sample", "x", "--top-k", "1.5"], "`--top-k` is `1.5`, expected a whole number", ""),
        (["set", "x"], "needs NAME=VALUE", ""),
        (["export", "x"], "needs `--to`", ""),
        (["train", "cnn", "--lrr", "1"], "unknown setting `--lrr` for recipe `cnn`", "did you mean `--lr`? `workbench recipes cnn` lists"),
        (["train", "cnn", "--batchsize", "1"], "unknown setting `--batchsize`", "did you mean `--batch-size`?"),
        (["train", "cnn", "--lr"], "`--lr` needs a value", ""),
        (["train", "cnn", "--nesterov", "yes"], "unexpected `yes`", ""),
        (["train"], "needs a recipe", "workbench train cnn"),
    ],
)
def test_wrong_use_is_said_in_the_workbenchs_form(typed: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(typed) == 2
    text = capsys.readouterr().err
    assert text.startswith("error: ")
    first, _, rest = text.partition("\n\nhint: ")
    assert message in first
    assert hint in rest
    assert "Traceback" not in text


@pytest.mark.parametrize("command", ["sample", "runs", "recipes", "export"])
def test_the_foot_of_each_help_tells_the_exit_codes(command, capsys):
    assert app.run([command, "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Exit codes: 0 done; 1 the run failed, or part of what was asked for; 2 wrong use" in printed


def test_help_tells_defaults_and_what_a_document_holds(capsys):
    assert app.run(["sample", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in ("[default 0.7]", "[default 300]", "by default 32, for a PNG 64", "the text, or the images' pixels"):
        assert words in printed
    assert "[default False]" not in printed
    assert app.run(["recipes", "--help"]) == 0
    assert "workbench recipes [NAME|new|check] [WHICH]" in capsys.readouterr().out
