from workbench.views.terminal import TRUE_COLOURS, colours, has_mouse, is_ascii, is_light, is_thin


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
    assert colours({"TERM": "vt100"}, is_terminal=True) == 1
    assert colours({"TERM": "xterm-mono"}, is_terminal=True) == 1


def test_a_terminal_that_does_not_say_has_256_colours() -> None:
    for term in ("tmux", "foot", "alacritty", "xterm-ghostty"):
        assert colours({"TERM": term}, is_terminal=True) == 256


def test_the_console_of_linux_has_no_braille_and_no_mouse() -> None:
    assert is_ascii({"TERM": "linux", "LANG": "de_DE.UTF-8"}, "utf-8")
    assert not has_mouse({"TERM": "linux"}, thin=False)
    assert has_mouse({"TERM": "xterm-256color"}, thin=False)
    assert not has_mouse({"TERM": "xterm-256color"}, thin=True)


def test_a_light_background_is_told_by_the_terminal() -> None:
    assert is_light({"COLORFGBG": "0;15"})
    assert is_light({"COLORFGBG": "0;default;7"})
    assert not is_light({"COLORFGBG": "15;0"})
    assert not is_light({})


def test_a_serial_line_is_thin_and_a_pseudo_terminal_is_not() -> None:
    assert is_thin({"TERM": "xterm"}, 9600)
    assert is_thin({"TERM": "vt220"}, 0)
    assert not is_thin({"TERM": "xterm"}, 38400)
    assert not is_thin({"TERM": "xterm"}, 0)
