"""Which of a commit's files are a source's: the same as in a folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.identities import Identities
from medallion.models.graph import build_graph
from medallion.plan import Observed
from medallion.review.gather import shows_samples
from medallion.review.source_files import LinkedFiles, matching
from medallion.review.trees import Tree
from medallion.sources import source_state

if TYPE_CHECKING:
    from pathlib import Path

PATHS = (
    "medallion.toml",
    "sources/a.csv",
    "sources/b.csv",
    "sources/b.txt",
    "sources/.hidden.csv",
    "sources/[x].csv",
    "sources/2026/a.csv",
    "sources/2026/01/a.csv",
    "sources/2026/01/.deep/c.csv",
    "sourcesque/a.csv",
)


@pytest.mark.parametrize(
    "pattern",
    [
        "sources/a.csv",
        "./sources/a.csv",
        "sources/none.csv",
        "sources/*.csv",
        "./sources/*.csv",
        "sources/?.csv",
        "sources/[ab].csv",
        "sources/[[]x].csv",
        "sources/**/*.csv",
        "sources/**",
        "sources/**/a.csv",
        "sources/**/01/**/*.csv",
        "sources/*/a.csv",
        "sources/20*/**/a.csv",
        "sources/*",
        "sources/**.csv",
    ],
)
def test_a_pattern_names_in_a_commit_what_it_names_in_a_folder(tmp_path: Path, pattern: str) -> None:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    in_folder = source_state(pattern, Config(tmp_path), Identities(tmp_path)).files
    assert matching(PATHS, pattern) == list(in_folder)


@pytest.mark.parametrize(
    ("base", "is_project", "head", "shown"),
    [
        (True, True, True, True),
        (True, True, False, False),
        (False, True, True, False),
        (False, False, True, True),
        (False, False, False, False),
    ],
)
def test_samples_are_shown_where_both_versions_say_so(
    tmp_path: Path, *, base: bool, is_project: bool, head: bool, shown: bool
) -> None:
    then, now = (
        Tree(
            "",
            Config(tmp_path, review_samples=samples),
            build_graph([], [], ("silver",), {}),
            Observed({}, {}, {}, {}, {}),
            {},
            is_project=project,
        )
        for samples, project in ((base, is_project), (head, True))
    )
    assert shows_samples(then, now) is shown


LINKS = {
    "sources/latest.csv": "2026/01/a.csv",
    "sources/newest": "2026/01",
    "sources/chain.csv": "./latest.csv",
    "sources/2026/up": "..",
    "elsewhere": "sources/2026",
}


@pytest.mark.parametrize(
    "pattern",
    [
        "sources/a.csv",
        "sources/latest.csv",
        "./sources/chain.csv",
        "sources/newest/a.csv",
        "sources/none/a.csv",
        "elsewhere/01/a.csv",
        "sources/*.csv",
        "./sources/*.csv",
        "sources/*/a.csv",
        "sources/*/*/a.csv",
        "sources/2026/up/*.csv",
        "elsewhere/*.csv",
        "sources/**/*.csv",
        "elsewhere/**",
        "sources/2026/**",
    ],
)
def test_a_pattern_finds_behind_links_of_a_commit_what_it_finds_in_a_folder(tmp_path: Path, pattern: str) -> None:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    for path, target in LINKS.items():
        (tmp_path / path).symlink_to(target)
    in_folder = source_state(pattern, Config(tmp_path, sources=("sources/", "elsewhere/")), Identities(tmp_path)).files
    found, lost = LinkedFiles([*PATHS, *LINKS], LINKS).find(pattern)
    # What lies in a folder behind a link ** does not go through, and neither does DuckDB.
    assert not lost or pattern == "elsewhere/**"
    assert list(found) == list(in_folder)
    digests = {path: hashlib.sha256(real.encode()).hexdigest() for path, real in found.items()}
    assert digests == dict(in_folder)


@pytest.mark.parametrize("target", ["../../elsewhere.csv", "/data/a.csv", "gone.csv", "b.csv/a", "a.csv"])
def test_a_link_that_leads_out_of_a_commit_is_lost_and_its_neighbours_are_not(target: str) -> None:
    files = LinkedFiles([*PATHS, "sources/2026/a.csv"], {"sources/a.csv": target, "sources/b.csv.bak": target})
    for pattern in ("sources/a.csv", "sources/*.csv", "sources/**"):
        assert files.find(pattern)[1], pattern
    assert files.find("sources/b.csv") == ({"sources/b.csv": "sources/b.csv"}, False)
    assert files.find("sources/b*.csv") == ({"sources/b.csv": "sources/b.csv"}, False)
