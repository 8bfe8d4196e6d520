"""ConfigurationVersion: how often configuration has changed."""

from django.db import models


class ConfigurationVersion(models.Model):
    """How often something that processes keep a compiled copy of has changed. It rises in the transaction that changes it."""

    subject = models.CharField(max_length=32, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["subject"]

    def __str__(self) -> str:
        return f"{self.subject} {self.number}"
