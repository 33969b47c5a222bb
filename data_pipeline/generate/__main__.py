"""`python -m data_pipeline.generate seeds`: writes the committed seeds again."""

from pathlib import Path

import typer

from data_pipeline.generate import generate_seeds

app = typer.Typer(help=__doc__, add_completion=False)


@app.callback()
def main() -> None:
    """Keeps `seeds` a word to type: typer drops the name of an only command."""


@app.command()
def seeds(folder: Path = typer.Argument(Path("seeds"), help="where to write")) -> None:
    """Writes the seeds."""
    written = generate_seeds(folder)
    typer.echo(f"{written.folder}: {written.files} files, {written.rows} rows")


if __name__ == "__main__":
    app()
