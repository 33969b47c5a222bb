"""Functions of a pipeline's own rules, loaded where files are judged: in the sandbox."""

from pathlib import Path

from data_pipeline.model.rules import CustomRule
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.pipelines.catalog import load_function
from data_pipeline.validate.rules.own import RowCheck


def load_row_checks(spec: PipelineSpec) -> dict[str, RowCheck]:
    """The functions of a resolved spec's own rules, by the rule's name.

    Raises: SpecError when module or function do not exist.
    """
    return {
        rule.name: load_function(Path(rule.folder), rule.function, where=f"rule {rule.name!r}")
        for rule in spec.rules
        if isinstance(rule, CustomRule)
    }
