import itertools
import random

import pytest

from workbench.training.scoring.editing import closest, count_errors, edit_distance


def _by_definition(one, other):
    """The recursion that defines the distance."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return _by_definition(one[1:], other[1:])
    return 1 + min(_by_definition(one[1:], other), _by_definition(one, other[1:]), _by_definition(one[1:], other[1:]))


@pytest.mark.parametrize(
    ("one", "other", "edits"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("ab", "ba", 2)]
)
def test_the_edit_distance_of_known_pairs(one, other, edits):
    assert edit_distance(one, other) == edits


def test_the_edit_distance_is_what_its_definition_says():
    numbers = random.Random(0)
    for _ in range(200):
        one, other = ("".join(numbers.choices("ab", k=numbers.randint(0, 5))) for _ in range(2))
        assert edit_distance(one, other) == _by_definition(one, other) == edit_distance(other, one)


def test_the_edit_distance_keeps_to_the_triangle():
    words = ["".join(word) for word in itertools.product("ab", repeat=3)]
    for one, two, three in itertools.product(words, repeat=3):
        assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)


def test_the_closest_reference_is_the_one_with_the_lowest_rate():
    assert closest(["A", "B"], [["X", "Y"], ["A", "B", "C", "D"], ["A", "B", "C"]]) == (1, 3)
    assert closest(["A", "X"], [["A"], ["A", "B", "C", "D", "E"]]) == (4, 5)  # 4 of 5 is less than 1 of 1


def test_any_listed_pronunciation_is_right_and_rates_are_over_all_tokens_and_all_words():
    written = [["R", "EH", "D"], ["K", "AE", "T"], []]
    references = [[["R", "IY", "D"], ["R", "EH", "D"]], [["K", "AE", "T", "S"]], [["AH"]]]
    errors = count_errors(written, references)
    assert (errors.edits, errors.tokens, errors.wrong, errors.examples) == (2, 8, 2, 3)
    assert errors.token_error_rate == 2 / 8
    assert errors.sequence_error_rate == 2 / 3


def test_no_examples_have_no_errors():
    errors = count_errors([], [])
    assert (errors.token_error_rate, errors.sequence_error_rate) == (0, 0)
