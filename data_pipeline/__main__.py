"""`python -m data_pipeline` is the `data-pipeline` command."""

from data_pipeline.start import main

main()
