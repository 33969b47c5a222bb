"""What a program declares over the API -> a pipeline like any other, or every fault of its declaration.

Such a pipeline may use registered verbs alone, and nothing of the installation: no code, no reference files, no
secrets, no folder but its own.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyascii import anyascii

from data_pipeline.errors import SpecError
from data_pipeline.model.contradictions import Fault
from data_pipeline.model.destinations import Destination, FileDestination, WebhookDestination
from data_pipeline.model.faults import read_spec
from data_pipeline.model.rules import CustomRule
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.pipelines.meaning import find_meaningless
from data_pipeline.transform.registry import compile_steps

# Keys of the API -> those of a pipeline.yaml.
SPELLINGS: Mapping[str, str] = {"processors": "steps", "destination": "destinations"}
NOT_FOR_PROGRAMS: Mapping[str, str] = {
    "process": "runs code of the installation; use processors",
    "marts": "are SQL of the installation; read the snapshot instead",
    "outputs": "are files for the chain's planners; use a destination",
    "roster": "is a reference file of the installation",
    "name": "is given by the product; name the pipeline beside its config",
    "title": "is the pipeline's name, beside its config",
}
NOT_HERE = "not for pipelines made over the API"
SNAPSHOT = "snapshot"
"""The destination that every pipeline has: what is published, read over the API or in the databases."""
ONE_BATCH = {"files": 1, "seconds": 0}
"""A posted batch is worth a snapshot by itself; batches that wait together share one."""
ALL_BUT_BAD = {"reject_file_over_percent": 100}
"""A program posts what it has: of a record that is wrong the others know nothing."""
PLACE = ("source_file", "source_row")
"""What tells rows apart when no column does: where each was posted."""
LONGEST_STEM = 20  # with the rest of a table's name Postgres keeps 63 bytes


@dataclass(frozen=True)
class HostedPipeline(Pipeline):
    """A pipeline that a program declared: it has a row in the ledger and no folder."""

    id: uuid.UUID

    @property
    def code_hash(self) -> str:
        """There is no code of its own."""
        return "hosted"

    def read_mart(self, name: str) -> str:
        """Raises: SpecError: it has none."""
        raise SpecError(f"pipeline {self.name!r} has no mart {name!r}")


def name_hosted(title: str, pipeline_id: uuid.UUID) -> str:
    """The engine's name of a pipeline: of assets, tables and folders; no other owner's is the same.

    >>> name_hosted("Données de Vente 2026!", uuid.UUID(int=0xAB))
    'donnees_de_vente_202_0000000000ab'
    """
    stem = re.sub(r"[^a-z0-9]+", "_", anyascii(title).lower()).strip("_")[:LONGEST_STEM].strip("_")
    return f"{stem if stem[:1].isalpha() else f'p_{stem}'.strip('_')}_{pipeline_id.hex[-12:]}"


def read_hosted(
    config: Any, *, name: str, title: str, webhook_hosts: frozenset[str]
) -> tuple[PipelineSpec | None, list[Fault]]:
    """The spec and no fault, or None and every fault with its path in the config.

    `webhook_hosts`: where such pipelines may send to; the operator names them, or a program could reach whatever this
    machine can.
    """
    if not isinstance(config, dict):
        return None, [((), f"expected an object, found {type(config).__name__}")]
    faults = list(find_missing(config)) + list(find_forbidden(config))
    declared = {SPELLINGS.get(key, key): value for key, value in config.items() if key not in NOT_FOR_PROGRAMS}
    declared |= {"name": name, "title": title, "description": config.get("description", title)}
    declared.setdefault("flush", ONE_BATCH)
    declared.setdefault("grain", list(PLACE))
    kept = list_destinations(config)
    declared["destinations"] = [one for one in kept if one is not None]
    if isinstance(declared.get("source"), dict):
        declared["source"] = {**ALL_BUT_BAD, **declared["source"], "only_named": True}
    spec, more = read_spec(declared, find_meaningless)
    faults += [(respell(config, path, kept), message) for path, message in more]
    if spec is not None:
        faults += list(find_out_of_reach(spec, config, webhook_hosts))
    return (None, faults) if faults else (spec, [])


def find_missing(config: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys that every config has."""
    for key, example in (("source", "{}"), ("columns", '[{"name": "id", "header": "id", "type": "text"}]')):
        if key not in config:
            yield (key,), f"required; for example {example}"
    if "destination" not in config and "destinations" not in config:
        yield ("destination",), 'required; for example {"kind": "snapshot"}'
    for one, other in (("destination", "destinations"), ("processors", "steps")):
        if one in config and other in config:
            yield (one,), f"expected {one!r} or {other!r}, found both"


def find_forbidden(config: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys that are the installation's own."""
    for key in config:
        if key in NOT_FOR_PROGRAMS:
            yield (key,), f"{NOT_HERE}: {NOT_FOR_PROGRAMS[key]}"


def list_destinations(config: Mapping[str, Any]) -> list[Any]:
    """The destinations as they are declared; None stands for the snapshot, which is there anyway."""
    declared = config.get("destinations", [])
    if "destination" in config:
        declared = [config["destination"]]
    listed = declared if isinstance(declared, list) else [declared]
    named = [{"name": "destination", **one} if isinstance(one, dict) else one for one in listed]
    return [None if isinstance(one, dict) and one.get("kind") == SNAPSHOT else one for one in named]


def respell(config: Mapping[str, Any], path: tuple[str | int, ...], kept: list[Any]) -> tuple[str | int, ...]:
    """A path in the words of the config."""
    key, *rest = path or ("",)
    if key == "steps" and "processors" in config:
        key = "processors"
    if key == "destinations" and rest:
        place = [at for at, one in enumerate(kept) if one is not None][int(rest[0])]
        key, rest = ("destination", rest[1:]) if "destination" in config else (key, [place, *rest[1:]])
    return (key, *rest) if key else ()


def find_out_of_reach(spec: PipelineSpec, config: Mapping[str, Any], webhook_hosts: frozenset[str]) -> Iterator[Fault]:
    """Parts that are sound and would reach what is not the owner's."""
    for place, rule in enumerate(spec.rules):
        if isinstance(rule, CustomRule) or rule.kind == "reference":
            yield ("rules", place, "kind"), f"{NOT_HERE}: needs files of the installation"
    steps = "processors" if "processors" in config else "steps"
    for place, step in enumerate(compile_steps(spec.steps)):
        if step.options.reference_files:
            yield (steps, place, "use"), f"{NOT_HERE}: needs files of the installation"
    for place, destination in enumerate(spec.destinations):
        path = ("destination",) if "destination" in config else ("destinations", place)
        fault = find_reach(destination, webhook_hosts)
        if fault is not None:
            yield (*path, fault[0]), fault[1]


def find_reach(destination: Destination, webhook_hosts: frozenset[str]) -> tuple[str, str] | None:
    """The key by which a destination would reach what is not the owner's, and why."""
    if isinstance(destination, FileDestination):
        return None if destination.path is None else ("path", f"{NOT_HERE}: each has a folder of its own")
    if not isinstance(destination, WebhookDestination):
        return "kind", f"{NOT_HERE}: expected snapshot, csv, jsonl, xlsx, parquet or webhook"
    if destination.auth_from is not None:
        return "auth_from", f"{NOT_HERE}: names a secret of the installation"
    host = find_host(destination.url)
    allowed = ", ".join(sorted(webhook_hosts)) or "none"
    return (
        None
        if host in webhook_hosts
        else ("url", f"expected a host that the operator allows ({allowed}), found {host!r}")
    )


def find_host(url: str) -> str:
    """Host of a web address, in small letters, with its port if it names one."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0].lower()


def host_pipeline(
    config: Any, *, pipeline_id: uuid.UUID, name: str, title: str, webhook_hosts: frozenset[str]
) -> HostedPipeline:
    """The pipeline of a declaration that was sound when it was kept.

    Raises: SpecError when this release finds faults in it.
    """
    spec, faults = read_hosted(config, name=name, title=title, webhook_hosts=webhook_hosts)
    if spec is None:
        words = "; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in faults)
        raise SpecError(f"pipeline {title!r} ({pipeline_id}): {words}")
    return HostedPipeline(spec, Path(), pipeline_id)
