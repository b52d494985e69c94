"""Clocks that jump, and files from other times: what was done is known by content, not by age."""

from __future__ import annotations

import itertools
import os

from by_hand import Updating, check, save_photo

from looksay.library import Library, scan

YEARS = 365 * 86_400


def test_the_clock_jumps_by_years_during_a_run(photos, tmp_path, monkeypatch):
    plain = Updating(tmp_path / "plain.db", photos)
    plain()
    jumps = itertools.cycle([0, 30 * YEARS, -50 * YEARS])  # before 1970, too
    now = scan.time.time
    monkeypatch.setattr(scan.time, "time", lambda: now() + next(jumps))
    update = Updating(tmp_path / "jumping.db", photos)
    assert update(settle_seconds=0).captioned == 60
    report = update(settle_seconds=2)
    assert (report.captioned, report.changed, report.gone, report.problems) == (0, 0, 0, 0)
    check(tmp_path / "jumping.db")
    found = [Library(update.database).search("picture", 100) for update in (plain, update)]
    assert found[0].to_json() == found[1].to_json()


def test_files_of_the_future_and_the_past_are_done_and_done_once(photos, tmp_path):
    times = [0, 1, 2**31, 2**33, 253_402_300_799]  # the last second of the year 9999
    for path, seconds in zip(sorted(photos.iterdir()), itertools.cycle(times)):
        os.utime(path, (seconds, seconds))
    update = Updating(tmp_path / "photos.db", photos)
    assert update(settle_seconds=5).captioned == 60
    assert update(settle_seconds=5).captioned == 0


def test_a_file_that_becomes_older_has_changed_all_the_same(photos, tmp_path):
    update = Updating(tmp_path / "photos.db", photos)
    update()
    save_photo(photos / "00.jpg", 4000)
    os.utime(photos / "00.jpg", (1, 1))
    report = update()
    assert (report.changed, report.captioned) == (1, 1)
