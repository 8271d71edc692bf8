"""What textconv hides is told from what was read before, without the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.config import Config
from medallion.names import TableName
from medallion.parsed import Parsed, private_columns

if TYPE_CHECKING:
    from pathlib import Path

TEXT = '-- @private "E-Mail", Phone\nSELECT a, b -- @private\nFROM silver.t'


def test_marks_that_were_read_before_are_those_of_the_model(tmp_path: Path) -> None:
    config = Config(tmp_path)
    parsed = Parsed(config)
    model = parsed.model(TableName("silver", "orders"), "sql/silver/orders.sql", TEXT)
    assert private_columns(config.state, TEXT) is None
    parsed.save()
    assert private_columns(config.state, TEXT) == model.private == {"e-mail", "phone", "b"}
    assert private_columns(config.state, f"{TEXT} ") is None
