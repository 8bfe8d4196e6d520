"""EDGE: the text of a file -> the database. What the command and the admin's page do, and all that they do."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.interchange import IMPORTERS, Importer, format_of
from gateway.interchange.difference import Difference
from gateway.interchange.findings import has_refusals
from gateway.interchange.store.applying import apply


def import_file(
    text: str, *, format: str, prune: bool, dry_run: bool, environment: Mapping[str, str]
) -> tuple[Importer, Difference]:
    """Whose file it was read as, and what came of it: all that the reader and the database had to say.

    `format`: a name of IMPORTERS; empty to see it from the file. For the rest see `apply`.
    """
    importer = IMPORTERS[format or format_of(text)]
    reading = importer.read(text)
    if has_refusals(reading.findings):
        return importer, Difference(findings=reading.findings)
    difference = apply(reading.document, prune=prune, dry_run=dry_run, environment=environment)
    return importer, replace(difference, findings=(*reading.findings, *difference.findings))
