import json
import random
import unicodedata

import pytest

from workbench.clean import clean, clean_tree, is_harmless_json

HARMFUL = {
    "escape": "\x1b[2J",
    "clipboard": "\x1b]52;c;c2VjcmV0\x07",
    "title": "\x1b]0;owned\x1b\\",
    "one-byte CSI": "\x9b31m",
    "one-byte OSC": "\x9d52;c;AA\x9c",
    "next line": "\x85",
    "null": "\x00",
    "bell and backspace": "\x07\x08",
    "delete": "\x7f",
    "carriage return": "good\rbad",
    "vertical tab and form feed": "\x0b\x0c",
    "shift out": "\x0e\x0f",
    "right to left override": "\u202egnp.exe",
    "isolates": "\u2066a\u2069",
    "marks": "\u200e\u200f\u061c",
    "line separators": "a\u2028b\u2029c",
    "zero width space": "pay\u200bpal",
    "word joiner": "a\u2060b",
    "soft hyphen": "a\u00adb",
    "byte order mark": "\ufeffa",
    "annotations": "\ufff9a\ufffab\ufffb",
    "tags": "\U000e0041\U000e007f",
    "half a surrogate pair": "\ud800",
}
HARMLESS = [
    "",
    "plain text 123",
    "train/grad_norm/conv1.weight",
    "Ærøskøbing",
    "深層学習",
    "שלום",
    "مرحبا",
    "नमस्ते",
    "สวัสดี",
    "e\u0301",
    "🎉",
    "👩\u200d👩\u200d👧",
    "✅ ▁▂▃ │",
    "می\u200cخواهم",
]


@pytest.mark.parametrize("text", HARMFUL.values(), ids=HARMFUL)
def test_what_a_terminal_would_act_on_is_replaced(text):
    for wrapped in (text, f"before{text}after", text * 3):
        found = clean(wrapped, lines=True)
        assert "\ufffd" in found
        assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in found)
        assert not any(
            unicodedata.bidirectional(character) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI") for character in found
        )
        assert clean(found, lines=True) == found


@pytest.mark.parametrize("text", HARMLESS)
def test_text_of_any_script_stays_as_it_is(text):
    assert clean(text) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u0e47", "\u0e31", "\ufe0f", "\u034f", "\u200d", "\u200d\u0301"])
def test_stacks_of_marks_are_cut_to_a_few(mark):
    assert len(clean("a" + mark * 50 + "b")) <= 1 + 4 + 1
    assert clean("a" + mark * 2 + "b") == "a" + mark * 2 + "b"


def test_newlines_are_joined_unless_lines_are_wanted():
    assert clean("a\r\nb\nc") == "a b c"
    assert clean("a\r\nb\nc", lines=True) == "a\nb\nc"
    assert clean("a\tb") == "a   b"


def test_no_text_whatever_comes_out_with_something_harmful():
    dice = random.Random(0)
    for _ in range(300):
        text = "".join(chr(dice.choice([dice.randrange(0x300), dice.randrange(0x110000)])) for _ in range(50))
        found = clean(text)
        assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in found)
        assert clean(found) == found


def test_keys_and_values_at_any_depth_are_cleaned_and_numbers_left_alone():
    value = {"a\x1b": [1, 2.5, None, True, {"b\n\x07": "c\x9b\nd"}]}
    assert clean_tree(value) == {"a\ufffd": [1, 2.5, None, True, {"b \ufffd": "c\ufffd\nd"}]}


def test_a_value_that_is_nested_without_end_is_refused():
    value = []
    for _ in range(100):
        value = [value]
    with pytest.raises(RecursionError):
        clean_tree(value)


@pytest.mark.parametrize("text", [*HARMFUL.values(), *HARMLESS, "a\nb\tc", '"quoted"'])
@pytest.mark.parametrize("plain", [True, False])
def test_json_that_looks_harmless_holds_nothing_to_clean(text, plain):
    data = json.dumps({text: [text]}, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    if is_harmless_json(data):
        assert clean_tree(json.loads(data)) == json.loads(data)
    if text.isascii() and text.isprintable() and '"' not in text:
        assert is_harmless_json(data)
