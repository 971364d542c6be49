from workbench.views.terminal import TRUE_COLOURS, colours, is_ascii


def test_the_locale_decides_about_ascii_and_else_the_stream() -> None:
    assert not is_ascii({"LANG": "de_DE.UTF-8"}, "utf-8")
    assert not is_ascii({"LC_ALL": "C.utf8"}, "ascii")
    assert is_ascii({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, "utf-8")
    assert is_ascii({"LANG": "de_DE.ISO-8859-1"}, "utf-8")
    assert not is_ascii({}, "utf-8")
    assert is_ascii({}, "ascii")
    assert is_ascii({}, None)


def test_colours_follow_from_the_terminal() -> None:
    assert colours({"TERM": "xterm-256color"}, is_terminal=True) == 256
    assert colours({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, is_terminal=True) == TRUE_COLOURS
    assert colours({"TERM": "linux"}, is_terminal=True) == 16


def test_there_is_no_colour_for_a_pipe_no_color_or_a_dumb_terminal() -> None:
    assert colours({"TERM": "xterm-256color"}, is_terminal=False) == 1
    assert colours({"TERM": "xterm-256color", "NO_COLOR": "1"}, is_terminal=True) == 1
    assert colours({"TERM": "dumb"}, is_terminal=True) == 1
    assert colours({}, is_terminal=True) == 1
