"""Functions of a pipeline's own rules, loaded where files are judged: in the sandbox."""

from pathlib import Path

from data_pipeline.errors import SpecError
from data_pipeline.model.rules import CustomRule
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.pipelines.catalog import import_beside
from data_pipeline.validate.rules.own import RowCheck


def load_row_checks(spec: PipelineSpec) -> dict[str, RowCheck]:
    """The functions of a resolved spec's own rules, by the rule's name.

    Raises: SpecError when module or function do not exist.
    """
    return {rule.name: load_row_check(rule) for rule in spec.rules if isinstance(rule, CustomRule)}


def load_row_check(rule: CustomRule) -> RowCheck:
    """One rule's function."""
    module, _, name = rule.function.partition(":")
    try:
        function: RowCheck = getattr(import_beside(Path(rule.folder), module), name)
    except Exception as error:  # a person's code may raise anything when it is imported
        raise SpecError(f"rule {rule.name!r}: expected 'module:function', found {rule.function!r}: {error}") from error
    return function
