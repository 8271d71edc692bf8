"""What reviews a pull request in CI: the action, the workflows and the template, and how ``init --ci`` writes them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from medallion.errors import ConfigError, GitError, MedallionError
from medallion.pipelines import Provider, needed_origin, origin_of, provider_of, write_pipeline
from medallion.review.rules import DEFAULT_FAIL_ON
from tests.git.conftest import Work, isolated_git, work

__all__ = ["isolated_git", "work"]

REPOSITORY = Path(__file__).parents[2]
STARTER = REPOSITORY / "medallion" / "starter" / "ci"
COMMIT = "1234567890" * 4
URL = f"https://github.com/acme/medallion@{COMMIT}"
TOOLS = Path(sys.executable).parent


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def told(root: Path, provider: Provider, url: str = URL) -> list[tuple[str, str]]:
    return [(change.action, change.what) for change in write_pipeline(root, provider, origin_of(url))]


def steps() -> list[dict[str, Any]]:
    return list(load(REPOSITORY / "action.yml")["runs"]["steps"])


def schema_holds(name: str, *paths: Path) -> None:
    done = subprocess.run(
        [TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{name}", *paths], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_of_github_are_written_once(work: Work) -> None:
    first = told(work.root, Provider.GITHUB)
    assert first[:2] == [
        ("created", ".github/workflows/medallion.yml"),
        ("created", ".github/workflows/medallion-comment.yml"),
    ]
    assert [action for action, _ in told(work.root, Provider.GITHUB)] == ["kept", "kept", "note"]
    folder = work.root / ".github" / "workflows"
    schema_holds("github-workflows", *folder.iterdir())
    for file in folder.iterdir():
        text = file.read_text()
        assert "__" not in text
        assert f"uses: acme/medallion@{COMMIT}\n" in text
    (folder / "medallion.yml").write_text("mine")
    assert "rename or delete it" in told(work.root, Provider.GITHUB)[0][1]
    assert (folder / "medallion.yml").read_text() == "mine"


def test_a_project_inside_of_a_repository_is_named_in_its_workflow(work: Work) -> None:
    for name in ("shop", "123: x #"):
        folder = work.root / name
        folder.mkdir()
        told(folder, Provider.GITHUB)
        workflow = work.root / ".github" / "workflows" / "medallion.yml"
        assert load(workflow)["jobs"]["review"]["steps"][-1]["with"]["directory"] == name
        workflow.unlink()


def test_a_job_of_gitlab_is_included(work: Work) -> None:
    assert told(work.root, Provider.GITLAB)[:2] == [
        ("created", ".gitlab/medallion-review.yml"),
        ("created", ".gitlab-ci.yml"),
    ]
    assert load(work.root / ".gitlab-ci.yml") == {
        "include": [{"local": ".gitlab/medallion-review.yml"}],
        "variables": {"MEDALLION_PACKAGE": f"git+{URL}"},
    }
    assert [action for action, _ in told(work.root, Provider.GITLAB)] == ["kept", "kept", "note"]


def test_a_pipeline_that_is_there_is_told_what_to_add(work: Work) -> None:
    work.write(".gitlab-ci.yml", "test: {script: [make]}\n")
    (work.root / "shop").mkdir()
    note = told(work.root / "shop", Provider.GITLAB)[1]
    assert note[0] == "note"
    assert load(work.root / ".gitlab-ci.yml") == {"test": {"script": ["make"]}}
    added = yaml.safe_load(note[1].partition("\n")[2])
    assert added["variables"] == {"MEDALLION_PACKAGE": f"git+{URL}", "MEDALLION_DIRECTORY": "shop"}


def test_what_can_be_moved_is_told(work: Work) -> None:
    notes = told(work.root, Provider.GITHUB, "https://github.com/acme/medallion")
    assert any("can be moved" in what for _, what in notes)
    assert (
        str(origin_of("https://git.example.org:8443/a/b/medallion.git@v1"))
        == "https://git.example.org:8443/a/b/medallion@v1"
    )


@pytest.mark.parametrize(
    "url",
    ["acme/medallion", "http://x/a/b", "https://u:p@x/a/b", "https://x/a", "https://x/a/b@c d", "https://x/a/b\n- x"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(MedallionError, match="no address") as caught:
        origin_of(url)
    assert caught.value.hint


def test_no_error_shows_the_password_of_an_address() -> None:
    for url in ("https://ada:hunter2@github.com/acme/medallion", "https://hunter2@github.com/acme/medallion@v1"):
        with pytest.raises(MedallionError, match="no address") as caught:
            origin_of(url)
        assert "hunter2" not in str(caught.value)
        assert "github.com/acme/medallion" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"https://gitlab.com/team/medallion@{COMMIT}", "from gitlab.com, only from github.com"),
        (f"https://github.com.example.org/team/medallion@{COMMIT}", "only from github.com"),
        (f"https://github.com/team/sub/medallion@{COMMIT}", "has an owner and a name"),
        (f"https://github.com/team/..@{COMMIT}", "has an owner and a name"),
    ],
)
def test_a_workflow_of_github_is_given_no_action_of_another_forge(work: Work, url: str, words: str) -> None:
    with pytest.raises(MedallionError, match=words) as caught:
        told(work.root, Provider.GITHUB, url)
    assert caught.value.hint
    assert not (work.root / ".github").exists()


@pytest.mark.parametrize(
    "remote",
    [
        "https://ada:hunter2@git.example.org:8443/shop/data.git",
        "git@git.example.org:shop/data.git",
        "ssh://git@GIT.example.org:22/shop/data",
    ],
)
def test_a_server_of_the_company_s_own_may_have_it(work: Work, remote: str) -> None:
    url = f"https://git.example.org/tools/medallion@{COMMIT}"
    with pytest.raises(MedallionError, match=r"git\.example\.org"):
        told(work.root, Provider.GITHUB, url)
    work.git("remote", "add", "origin", remote)
    told(work.root, Provider.GITHUB, url)
    assert f"uses: tools/medallion@{COMMIT}\n" in (work.root / ".github" / "workflows" / "medallion.yml").read_text()
    with pytest.raises(MedallionError, match=r"only from github\.com or git\.example\.org") as caught:
        told(work.root, Provider.GITHUB, f"https://gitlab.com/team/medallion@{COMMIT}")
    assert "hunter2" not in str(caught.value)


def test_a_project_on_another_forge_has_no_workflow_from_there(work: Work) -> None:
    work.git("remote", "add", "origin", "git@gitlab.com:team/shop.git")
    with pytest.raises(MedallionError, match=r"only from github\.com\n"):
        told(work.root, Provider.GITHUB, f"https://gitlab.com/team/medallion@{COMMIT}")


def test_a_project_without_a_repository_and_an_unknown_ci_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GitError):
        told(tmp_path, Provider.GITHUB)
    with pytest.raises(MedallionError, match="githb") as caught:
        provider_of("githb")
    assert "github" in caught.value.hint


def test_every_file_is_what_its_schema_asks_for() -> None:
    schema_holds("github-actions", REPOSITORY / "action.yml")
    schema_holds("gitlab-ci", STARTER / "gitlab" / "medallion-review.yml")


def test_the_template_is_the_file_that_init_writes() -> None:
    template = REPOSITORY / "templates" / "medallion-review.gitlab-ci.yml"
    assert template.read_bytes() == (STARTER / "gitlab" / "medallion-review.yml").read_bytes()


def test_permissions_pins_and_expressions_pass_an_auditor(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "action.yml", tmp_path)
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for file in (STARTER / "github").iterdir():
        text = file.read_text().replace("__ACTION__", f"acme/medallion@{COMMIT}").replace("__DIRECTORY__", ".")
        (folder / file.name).write_text(text)
    done = subprocess.run([TOOLS / "zizmor", "--offline", "--quiet", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_others_say_never_gets_into_a_script() -> None:
    for step in steps():
        assert "${{" not in step.get("run", ""), step["name"]
    for file in [REPOSITORY / "action.yml", *(STARTER / "github").iterdir()]:
        uses = re.findall(r"uses: (\S+)", file.read_text())
        assert [u for u in uses if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}|__ACTION__", u)] == []
        assert "pull_request_target" not in file.read_text()


def test_every_python_of_a_script_is_isolated_from_the_checkout() -> None:
    job = load(STARTER / "gitlab" / "medallion-review.yml")["medallion-review"]
    lines = "\n".join([*(step.get("run", "") for step in steps()), *job["before_script"], *job["script"]]).splitlines()
    started = [line for line in lines if re.search(r"\bpython[\d.]*\"? -", line)]
    assert len(started) == 6
    assert [line for line in started if not re.search(r"\bpython\"? -I -", line)] == []


def test_every_script_is_sound_shell(tmp_path: Path) -> None:
    job = load(STARTER / "gitlab" / "medallion-review.yml")["medallion-review"]
    scripts = [step["run"] for step in steps() if "run" in step]
    scripts.append("\n".join([*job["before_script"], *job["script"]]))
    files = []
    for number, script in enumerate(scripts):
        files.append(tmp_path / f"{number}.sh")
        files[-1].write_text(f"#!/usr/bin/env bash\n{script}")
    done = subprocess.run([TOOLS / "shellcheck", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_action_hands_on_what_a_step_sets() -> None:
    outputs = load(REPOSITORY / "action.yml")["outputs"]
    assert {name: o["value"] for name, o in outputs.items()} == {
        name: f"${{{{ steps.review.outputs.{name} }}}}"
        for name in ("verdict", "failed", "reasons", "changed", "reports")
    }


def test_a_job_fails_for_what_the_command_fails_for() -> None:
    assert load(REPOSITORY / "action.yml")["inputs"]["fail-on"]["default"] == DEFAULT_FAIL_ON
    assert f"fail-on: {DEFAULT_FAIL_ON} #" in (STARTER / "github" / "medallion.yml").read_text()
    assert f"${{MEDALLION_FAIL_ON:-{DEFAULT_FAIL_ON}}}" in (STARTER / "gitlab" / "medallion-review.yml").read_text()
    assert f"`{DEFAULT_FAIL_ON}`" in (REPOSITORY / "docs" / "review.md").read_text(encoding="utf-8")


def test_jobs_get_what_this_medallion_was_installed_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "medallion-0.1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: medallion\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    origin = {"url": "https://github.com/acme/medallion.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}
    (told / "direct_url.json").write_text(json.dumps(origin))
    assert str(needed_origin()) == URL
    (told / "direct_url.json").write_text(json.dumps({"url": "file:///somewhere", "dir_info": {}}))
    with pytest.raises(ConfigError, match="not known where"):
        needed_origin()
