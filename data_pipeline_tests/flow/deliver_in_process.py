"""`python -m data_pipeline_tests.flow.deliver_in_process URL`: delivers the day to a web address."""

import sys

from data_pipeline.flow.workspace import open_workspace
from data_pipeline.settings import Settings
from data_pipeline_tests.flow.sending import send, webhook, with_destinations

if __name__ == "__main__":
    made = send(open_workspace(Settings.from_env()), with_destinations(webhook(sys.argv[1])))
    sys.exit(0 if made["erp"].status == "delivered" else 1)
