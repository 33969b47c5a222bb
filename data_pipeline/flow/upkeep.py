"""What has to be done now and then while the API runs: sealing the audit log, forgetting old idempotency keys."""

from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import audit, tracking


def tidy(workspace: Workspace) -> None:
    """Several processes may do it at a time; each row is sealed once. Raises: DatabaseError."""
    seal(workspace)
    with workspace.database.transaction() as connection:
        tracking.run(connection, "forget_old_idempotent")


def seal(workspace: Workspace) -> int:
    """Seals what is finished; gives how many entries that was. Raises: DatabaseError."""
    with workspace.database.transaction() as connection:
        return audit.seal(connection)


def verify(workspace: Workspace) -> audit.Verdict:
    """Seals what is finished, then compares all that was ever sealed. Raises: DatabaseError."""
    seal(workspace)
    with workspace.database.transaction() as connection:
        return audit.verify(connection)
