"""A sample file -> the draft of a pipeline that takes such files: what can be seen is declared, the rest is asked."""
