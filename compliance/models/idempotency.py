"""Idempotency records: a POST that is sent twice is answered twice and done once."""

import uuid

from django.db import models

from compliance.models.generator import Generator


class IdempotencyRecord(models.Model):
    """The first request with a key: in flight while `status_code` is null, afterwards its stored answer."""

    generator = models.ForeignKey(Generator, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    lock_token = models.UUIDField(default=uuid.uuid4)
    locked_until = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generator", "key"], name="%(app_label)s_%(class)s_key_is_used_once"
            )
        ]

    def __str__(self) -> str:
        return self.key
