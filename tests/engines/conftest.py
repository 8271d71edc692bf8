"""What tests of the engine begin with: a bench with orders, checks on one dataset, a shop with unit tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from tests.engines.bench import Bench
from tests.engines.checked import Checks
from tests.engines.shop import LATEST, ORDERS, Shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.table(
        "bronze.orders", "SELECT i AS id, i % 3 AS shop, 'größe ' || i AS note, i / 7.0 AS total FROM range(10) t(i)"
    )
    return made


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    return Checks(Bench(tmp_path, variables={"most": 2}))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(Config(root=tmp_path))
    made.write("medallion.toml", "[variables]\nsince = '2026-01-01'\nleast = 2\n")
    made.model("bronze.orders", ORDERS)
    made.model("silver.orders", LATEST)
    return made
