"""Who reads: the REST API. Each endpoint calls one use case of the flow.

Stays out: everything they do, and Dagster.
"""
