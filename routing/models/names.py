"""The names that clients may ask for, and the database's own guard that each stands for one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from routing.models.alias import Alias, Synonym

NAME_FIELD: dict[str, Any] = {  # Any: keyword arguments of a field
    "max_length": 128,
    "validators": [
        RegexValidator(
            r"\A[A-Za-z0-9._-]+\Z",
            "A name has letters, digits, dots, hyphens and underscores only.",
            code="invalid_name",
        )
    ],
}


class ClaimedName(models.Model):
    """Every name that clients may ask for, once: the database's own guard that no alias and synonym share one."""

    name = models.CharField(max_length=128, primary_key=True)
    alias = models.OneToOneField("routing.Alias", on_delete=models.CASCADE, null=True, related_name="claimed_name")
    synonym = models.OneToOneField("routing.Synonym", on_delete=models.CASCADE, null=True, related_name="claimed_name")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(alias__isnull=True) ^ Q(synonym__isnull=True), name="name_claimed_by_exactly_one"
            )
        ]

    def __str__(self) -> str:
        return self.name


def claim(name: str, **owner: Alias | Synonym) -> None:
    """Put down `name` as the owner's (`alias=…` or `synonym=…`), in place of the one it had.

    By `update`, since the name is the primary key: `save` would insert a second row for a renamed owner.
    """
    if not ClaimedName.objects.filter(**owner).update(name=name):
        ClaimedName.objects.create(name=name, **owner)


def clean_name(name: str, *, alias: Alias | None, synonym: Synonym | None) -> None:
    """Raise ValidationError, code `taken`, when another alias or synonym has this name."""
    if "\0" in name:
        return  # The field refuses it, and PostgreSQL cannot even be asked for it.
    claimed = ClaimedName.objects.filter(name=name).select_related("alias", "synonym__alias").first()
    if claimed is None:
        return
    if claimed.alias is not None and (alias is None or claimed.alias_id != alias.pk):
        problem = f"“{name}” is already an alias. Choose another name."
    elif claimed.synonym is not None and (synonym is None or claimed.synonym_id != synonym.pk):
        problem = f"“{name}” is already a synonym of “{claimed.synonym.alias}”. Choose another name."
    else:
        return
    raise ValidationError({"name": ValidationError(problem, code="taken")})
