from workbench.tui.screens.run.zoom import following, scrubbed
from workbench.tui.window import Window


def test_the_cursor_moves_by_whole_steps_and_stays_inside_of_the_run() -> None:
    window = Window(newest=1000)
    window.move(-1)
    assert window.cursor == 1000  # the first press puts it where the news are
    window.move(-1)
    assert window.cursor == 980
    window.move(-100)
    assert window.cursor == 1
    window.move(1000)
    assert window.cursor == 1000


def test_zoom_keeps_the_cursor_in_sight_and_ends_at_the_whole_run() -> None:
    window = Window(newest=1000, cursor=900.0)
    for _ in range(20):
        window.closer()
        low, high = window.seen
        assert low <= 900 <= high
    assert high - low == 4
    for _ in range(20):
        window.farther()
    assert window.limits is None


def test_without_a_cursor_the_newest_steps_are_seen_also_when_there_are_newer_ones() -> None:
    window = Window(newest=1000)
    window.closer()
    window.closer()
    assert window.limits == (750.0, 1000.0)
    window.newest = 1300
    low, high = window.seen
    assert high - low == 250
    assert low < 1300 <= high
    window.pan(-1)
    held = window.limits
    window.newest = 2000
    assert window.limits == held  # who looks back is left alone
    for _ in range(20):
        window.pan(1)
    window.newest = 2600
    assert window.seen[1] >= 2600  # at the end it goes on with the run


def test_a_cursor_holds_a_window_that_followed() -> None:
    window = Window(newest=1000)
    window.closer()
    window.move(-1)
    held = window.limits
    window.newest = 5000
    assert (window.limits, window.cursor) == (held, 1000.0)


def test_panning_stays_inside_of_the_run_and_leaves_the_cursor() -> None:
    window = Window(newest=1000, cursor=500.0)
    assert not window.pan(1)
    assert window.limits is None
    window.closer()
    window.pan(1)
    assert window.limits == (500.0, 1000.0)
    window.pan(-9)
    assert window.limits == (0.0, 500.0)
    assert window.cursor == 500
    window.live()
    assert (window.limits, window.cursor) == (None, None)


def test_previews_are_scrubbed_one_by_one_and_the_last_is_the_newest_that_comes() -> None:
    assert scrubbed((10, 20, 30), 30, -1) == 20
    assert scrubbed((10, 20, 30), 10, -1) == 10
    assert scrubbed((10, 20, 30), 20, 1) is None
    assert scrubbed((), None, 1) is None


def test_what_follows_goes_around() -> None:
    assert [following(("a", "b"), name) for name in ("a", "b", "c")] == ["b", "a", "a"]
