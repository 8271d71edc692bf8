"""Small forges to post to, the environment of a job, and time that nobody waits for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.review.forges import TOKEN, Forge, served
from tests.review.posting import Time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def github() -> Iterator[Forge]:
    with served() as forge:
        yield forge


@pytest.fixture
def gitlab() -> Iterator[Forge]:
    with served(gitlab=True) as forge:
        yield forge


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with served(gitlab=request.param == "gitlab") as forge:
        yield forge


@pytest.fixture
def job(tmp_path: Path) -> Mapping[str, str]:
    """What a job of GitHub Actions has in its environment, but for the address of the API."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"number": 7, "pull_request": {"number": 7}}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "shop/data",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }
