"""The sample's raw data: pages that pydoc renders in a child process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from medallion.errors import SourceError
from medallion.sample.files import sql_folder
from medallion.sample.pages import render

# os shows its environment, sys its arguments, paths and modules, ctypes an address, platform the interpreter's path.
MODULES = ["abc", "ctypes", "ftplib", "os", "platform", "posixpath", "sys"]


def pages(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    render(folder, modules=MODULES)
    return folder


def test_each_module_has_a_page_of_its_own_name_and_nothing_else_is_there(rendered: Path) -> None:
    assert sorted(pages(rendered)) == sorted(f"{module}.html" for module in MODULES)


def test_a_page_is_the_html_of_its_module(rendered: Path) -> None:
    page = (rendered / "abc.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>Python: module abc</title>" in page
    assert 'href="file:Lib/abc.py"' in page


def test_two_renders_give_the_same_bytes_in_another_folder_and_environment(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("HOME", "/somewhere/else")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "a folder" / "é"
    assert render(folder, modules=MODULES) == len(MODULES)
    assert pages(folder) == pages(rendered)


def test_a_page_tells_nothing_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "very-secret-value")
    render(tmp_path, modules=MODULES)
    everything = b"".join(pages(tmp_path).values()).decode("utf-8")
    for secret in ("very-secret-value", "API_TOKEN", sys.prefix, sys.base_prefix, sys.executable, str(tmp_path)):
        assert secret not in everything
    assert str(Path(os.__file__).parent) not in everything


def test_a_module_that_cannot_be_imported_has_no_page(tmp_path: Path) -> None:
    assert render(tmp_path, modules=["abc", "no_such_module", "bisect"]) == 2
    assert sorted(pages(tmp_path)) == ["abc.html", "bisect.html"]


def test_progress_names_each_module_and_how_many_there_are(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    render(tmp_path, lambda *step: seen.append(step), modules=["abc", "no_such_module"])
    assert seen == [("abc", 1, 2), ("no_such_module", 2, 2)]


def test_rendering_again_replaces_pages_and_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "abc.html").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    render(tmp_path, modules=["abc"])
    assert (tmp_path / "abc.html").read_text(encoding="utf-8") != "old"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_a_module_prints_is_not_taken_for_progress(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # Importing "this" prints a poem.
    assert render(tmp_path, modules=["this"]) == 1
    assert capfd.readouterr() == ("", "")


def test_no_page_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="pydoc rendered no pages"):
        render(tmp_path, modules=["no_such_module"])


def test_the_sql_of_the_sample_is_found() -> None:
    assert (sql_folder() / "gold" / "corpus.sql").is_file()
