"""What assets, checks and sensors are given: the workspace of this process.

Stays out: opening databases (persist) and deciding anything (flow).
https://docs.dagster.io/guides/build/external-resources
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from data_pipeline.errors import StoreError
from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.model.spec import RetrySpec
from data_pipeline.settings import Settings


class WorkspaceResource(dg.ConfigurableResource["WorkspaceResource"]):
    """Opens the installation that the environment names; reader processes are shared by all steps of a process."""

    reference_dir: str

    def open(self) -> Workspace:
        """The workspace, with a database that runs: an embedded server that died is started again."""
        return open_workspace(Settings.from_env(reference_dir=self.reference_dir)).reconnect()


@contextmanager
def retry_transient(policy: RetrySpec, *, attempt: int) -> Iterator[None]:
    """Asks Dagster to try the step again, each time after twice the wait, when something that holds data is away.

    Faults of files and declarations pass: they would only fail again. `attempt` counts from 0.
    """
    try:
        yield
    except StoreError as error:
        wait = policy.backoff_seconds * 2**attempt
        raise dg.RetryRequested(max_retries=policy.attempts - 1, seconds_to_wait=wait) from error
