"""Parties: the people, groups, companies and societies that hold or take rights."""

from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.fields import IdentifierField


class PartyKind(models.TextChoices):
    """What a party is."""

    PERSON = "person"
    GROUP = "group"
    COMPANY = "company"
    SOCIETY = "society"


class Party(models.Model):
    """Somebody who can own, license or perform."""

    kind = models.CharField(max_length=10, choices=PartyKind, default=PartyKind.PERSON)
    name = models.CharField(max_length=200, db_index=True, help_text="As it is credited.")
    legal_name = models.CharField(max_length=200, blank=True)
    isni = IdentifierField(kind="isni", unique=True)
    ipi_name = IdentifierField(kind="ipi_name", unique=True)
    ipi_base = IdentifierField(kind="ipi_base", unique=True)
    dpid = IdentifierField(kind="dpid", unique=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2.")
    tax_residence = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2.")
    contact = models.TextField(blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "parties"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
