import pytest
import torch
import torch.nn.functional as F

from workbench.training.scoring.metrics import Classification, accuracy, confusion_matrix, f1, precision, recall

CLASSES = tuple("abcde")


@pytest.fixture
def answers():
    """Logits and labels in which class d never occurs and class e is never named: both divisions by zero."""
    numbers = torch.Generator().manual_seed(0)
    labels = torch.tensor([0, 1, 2, 4])[torch.randint(4, (200,), generator=numbers)]
    logits = torch.randn(200, 5, generator=numbers) + 1.5 * F.one_hot(labels, 5)
    logits[:, 4] = -9.0
    return logits, labels


def _gathered(logits, labels, size):
    result = Classification(CLASSES, torch.device("cpu"))
    for some, truths in zip(logits.split(size), labels.split(size), strict=True):
        result.add(some, truths)
    return result


def test_metrics_equal_scikit_learn_where_classes_are_missing_too(answers):
    sklearn = pytest.importorskip("sklearn.metrics")
    logits, labels = answers
    guesses = logits.argmax(dim=1)
    values = _gathered(logits, labels, 64).values("validation")
    expected = sklearn.precision_recall_fscore_support(labels, guesses, labels=range(5), average="macro", zero_division=0)
    assert values["validation/accuracy"] == pytest.approx(sklearn.accuracy_score(labels, guesses), abs=1e-12)
    assert [values[f"validation/{name}"] for name in ("precision", "recall", "f1")] == pytest.approx(expected[:3], abs=1e-12)
    per_class = sklearn.f1_score(labels, guesses, labels=range(5), average=None, zero_division=0)
    assert [values[f"validation/f1/{name}"] for name in CLASSES] == pytest.approx(per_class.tolist(), abs=1e-12)
    matrix = confusion_matrix(guesses, labels, 5)
    assert matrix.tolist() == sklearn.confusion_matrix(labels, guesses, labels=range(5)).tolist()
    parts = sklearn.precision_recall_fscore_support(labels, guesses, labels=range(5), average=None, zero_division=0)
    for ours, theirs in zip((precision, recall, f1), parts, strict=False):
        assert ours(matrix).tolist() == pytest.approx(theirs.tolist())


def test_metrics_equal_torchmetrics(answers):
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification")
    logits, labels = answers
    matrix = confusion_matrix(logits.argmax(dim=1), labels, 5)
    assert torch.equal(matrix, torchmetrics.multiclass_confusion_matrix(logits, labels, 5))
    assert float(accuracy(matrix)) == pytest.approx(float(torchmetrics.multiclass_accuracy(logits, labels, 5, average="micro")))
    for ours, theirs in ((precision, "precision"), (recall, "recall"), (f1, "f1_score")):
        reference = getattr(torchmetrics, f"multiclass_{theirs}")(logits, labels, 5, average=None)
        assert ours(matrix).tolist() == pytest.approx(reference.tolist())


def test_the_loss_is_the_mean_over_examples_however_they_are_cut_into_batches(answers):
    logits, labels = answers
    mean = float(F.cross_entropy(logits, labels))
    for size in (1, 33, 200):
        assert _gathered(logits, labels, size).values("test")["test/loss"] == pytest.approx(mean, rel=1e-5)


def test_an_accuracy_is_the_exact_share_of_whole_numbers():
    result = Classification(("no", "yes"), torch.device("cpu"))
    result.add(torch.tensor([[0.0, 1.0]] * 1000), torch.tensor([1] * 986 + [0] * 14))
    assert result.values("test")["test/accuracy"] == 0.986


def test_an_empty_split_has_zeros_and_no_nan():
    values = Classification(CLASSES, torch.device("cpu")).values("validation")
    assert set(values.values()) == {0.0}
