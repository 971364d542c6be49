import json
import math
import random
import typing

import pytest

from tests.builders import START, metrics, one_of_each
from workbench.clean import clean
from workbench.events import types as events
from workbench.events.codec import MAX_LINE_BYTES, decode, encode, lines

HOSTILE = "a\x1b[2J\x1b]52;c;AAAA\x07\x9b31m\u202eb\u2066\u200bZ" + "\u0300" * 40 + "\U000e0041\ud800"
CHOSEN = {"type", "level", "kind", "state"}  # fields whose words are fixed


def _same(one, other):
    return repr(one) == repr(other)  # as ==, but NaN is NaN


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.type)
def test_every_event_reads_back_as_it_was_written(event):
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert _same(decode(line[:-1]), event)


def test_the_builders_have_an_event_of_every_type():
    union, _ = typing.get_args(events.AnyEvent)
    assert {type(event) for event in one_of_each()} == set(typing.get_args(union))


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.type)
def test_every_line_is_strict_json_and_has_no_bare_nan(event):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(encode(event), parse_constant=refuse)["type"] == event.type


def test_numbers_that_are_not_finite_are_written_as_words_that_read_back():
    event = metrics([1, 2, 3], value=lambda step: (math.nan, math.inf, -math.inf)[step - 1])
    assert b'["NaN","Infinity","-Infinity"]' in encode(event)
    first, *rest = decode(encode(event)).values["train/loss"]
    assert math.isnan(first)
    assert rest == [math.inf, -math.inf]


def test_metrics_are_written_in_columns():
    assert json.loads(encode(metrics([1, 2], seconds=0.5))) == {
        "type": "metrics",
        "steps": [1, 2],
        "at": [START + 10.5, START + 11],
        "values": {"train/loss": [1.0, 0.5]},
    }


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b'{"type":"noticed","at":1,"mess',
        b'{"type":"a_thing_of_the_future","at":1}',
        b'{"at":1}',
        b'{"type":["noticed"],"at":1}',
        b'{"type":{},"at":1}',
        b'{"type":null}',
        b"[1,2,3]",
        b'"noticed"',
        b"null",
        b"\x00\xff\xfe\x80 not text",
        b'{"type":"noticed","at":1,"message":"\xff"}',
        b"[" * 200_000,
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b'{"type":"noticed","at":1,"message":' + b"[" * 700 + b"]" * 700 + b"}",
        b'{"type":"metrics","steps":[1],"at":[1],"values":{"\xff":[1]}}',
    ],
)
def test_what_is_no_event_is_no_event_and_no_error(line):
    assert decode(line) is None


@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize(
    "columns",
    [
        '"steps":[1,2],"at":[1,2],"values":{"a":[1]}',
        '"steps":[1],"at":[],"values":{"a":[1]}',
        '"steps":[],"at":[],"values":{"a":[1]}',
    ],
)
def test_metrics_with_columns_of_unlike_length_are_no_event_in_any_spelling(columns, space):
    assert decode(f'{{"type":{space}"metrics",{columns}}}'.encode()) is None


@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize("number", ["1e999", '"NaN"', "-1", "1" + "0" * 400, "9e15"])
def test_steps_and_times_that_no_run_has_are_no_event(number, space):
    for columns in (f'"steps":[1],"at":[{number}],"values":{{}}', f'"steps":[{number}],"at":[1],"values":{{}}'):
        if number != "9e15" or '"at":[1]' not in columns:  # a step, but no time
            assert decode(f'{{"type":{space}"metrics",{columns}}}'.encode()) is None
    assert decode(f'{{"type":"noticed","at":{number},"message":""}}'.encode()) is None


def test_a_field_of_a_later_version_is_passed_over():
    assert decode(b'{"type":"noticed","at":1,"level":"info","message":"hello","mood":["new"]}') == events.Noticed(at=1, message="hello")


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from (*_texts(key), *_texts(member))
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _texts(member)


def _poisoned(value):
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, dict):
        return {key if key in CHOSEN else HOSTILE: member if key in CHOSEN else _poisoned(member) for key, member in value.items()}
    return [_poisoned(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.type)
def test_no_text_of_any_event_reaches_a_terminal_unclean(event):
    body = json.loads(encode(event))
    numbers = {key for key, member in body.items() if not isinstance(member, (str, dict, list))}
    poisoned = {
        key: member if key in CHOSEN | numbers | {"steps", "at"} else {HOSTILE: [1.0] * 3} if event.type == "metrics" else _poisoned(member)
        for key, member in body.items()
    }
    if event.type in ("evaluated", "tested"):
        poisoned["values"] = {HOSTILE: 1.0}
    if event.type == "data_loaded":
        poisoned["examples"], poisoned["baseline"] = {HOSTILE: 1}, {HOSTILE: 1.0}
    line = json.dumps(poisoned, separators=(",", ":"), ensure_ascii=event.type != "metrics")
    found = decode(line.encode("utf-8", "replace"))
    assert found is not None
    texts = list(_texts(found.model_dump()))
    assert not any("\x1b" in text or "\u202e" in text or "\x9b" in text for text in texts)
    assert all(clean(text, lines=True) == text for text in texts)


def test_damaged_lines_never_raise():
    dice = random.Random(0)
    whole = [encode(event) for event in one_of_each()]
    for _ in range(3000):
        line = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(len(line))
            line[place : place + dice.randint(0, 3)] = dice.choice([b"", b"\x00", b'"', b"9", b"\xff", b"[", b"}", b"1e999", b"null", b"-"])
            if not line:
                break
        found = decode(bytes(line).replace(b"\n", b""))
        assert found is None or isinstance(found, events.Event)


def test_text_that_utf8_has_no_form_for_is_written_with_a_substitute_instead_of_raising():
    event = decode(encode(events.DataLoaded(at=1, name="data\udcff", examples={"\ud800": 3}, classes=("ok", "\udc80"))))
    assert event == events.DataLoaded(at=1, name="data?", examples={"?": 3}, classes=("ok", "?"))


@pytest.mark.parametrize("keys", [1, 4, 700, 3000])
@pytest.mark.parametrize("count", [1, 50, 2000])
def test_metrics_of_any_size_become_lines_under_64_kib_that_lose_nothing(keys, count):
    count = min(count, 20_000 // keys)
    names = [f"train/grad_norm/größe.{'x' * (n % 50)}{n}" for n in range(keys)]
    steps = list(range(10**9, 10**9 + count))
    values = {name: [-(n + 1) / (step + n) * 1e-200 for step in steps] for n, name in enumerate(names)}
    written = lines(events.Metrics(steps=steps, at=[START + 0.123] * count, values=values))
    assert max(map(len, written)) <= MAX_LINE_BYTES == 64 * 1024
    found = {name: ([], []) for name in names}
    for line in written:
        event = decode(line[:-1])
        for name, column in event.values.items():
            found[name][0].extend(event.steps)
            found[name][1].extend(column)
    assert found == {name: (steps, column) for name, column in values.items()}


@pytest.mark.parametrize(
    "event",
    [
        events.Noticed(at=1, message="x" * 300_000),
        events.RunEnded(at=1, state="failed", step=7, reason="é" * 100_000, detail="line\n" * 100_000),
        events.ModelBuilt(at=1, parameters=7, layers=tuple({"name": f"layer{n}", "kind": "Linear", "parameters": n} for n in range(5000))),
        events.DataLoaded(at=1, name="words", classes=tuple(f"class {n}" for n in range(50_000))),
    ],
    ids=lambda event: event.type,
)
def test_an_event_too_long_for_a_line_is_written_with_its_longest_parts_cut(event):
    (line,) = lines(event)
    assert len(line) <= MAX_LINE_BYTES
    found = decode(line[:-1])
    assert type(found) is type(event)
    assert (found.at, getattr(found, "step", 7), getattr(found, "parameters", 7)) == (1, 7, 7)
    for name in ("message", "reason", "detail"):
        if hasattr(found, name):
            assert getattr(event, name).startswith(getattr(found, name).rstrip("…"))
