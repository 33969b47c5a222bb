"""Rules of the published schema: it is what the code says, and it knows every key."""

import json

from data_pipeline.model.schema import publish_schema, write_schema
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.settings import PROJECT_ROOT

PUBLISHED = PROJECT_ROOT / "docs" / "pipeline.schema.json"
REWRITE = "data-pipeline schema > docs/pipeline.schema.json"


def test_the_published_schema_is_the_codes() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == write_schema(), f"if the change is meant: {REWRITE}"


def test_every_key_is_there_and_those_that_need_words_have_them() -> None:
    schema = publish_schema()

    assert set(schema["properties"]) == set(PipelineSpec.model_fields)
    assert schema["$defs"]["ColumnSpec"]["properties"]["blank_as"]["description"].startswith(
        "Texts beside the empty one"
    )
    assert schema["$defs"]["RangeRule"]["properties"]["over_rows"]["description"].startswith(
        "`reject_file` and `abort`"
    )


def test_it_is_json() -> None:
    assert json.loads(write_schema()) == publish_schema()
