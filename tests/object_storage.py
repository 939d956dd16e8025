"""A storage as S3 is: names, no paths, no folders of its own."""

import datetime as dt

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.utils import timezone


class ObjectStorage(Storage):
    """Keeps files in memory, by name; `path` raises, as the base class does."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dt.datetime]] = {}

    def _open(self, name, mode="rb"):
        if name not in self.objects:
            raise FileNotFoundError(name)
        return ContentFile(self.objects[name][0], name=name)

    def _save(self, name, content):
        self.objects[name] = (b"".join(content.chunks()), timezone.now())
        return name

    def exists(self, name) -> bool:
        return name in self.objects

    def delete(self, name) -> None:
        self.objects.pop(name, None)

    def size(self, name) -> int:
        return len(self.objects[name][0])

    def get_modified_time(self, name):
        return self.objects[name][1]

    def listdir(self, path):
        parts = [
            name.removeprefix(f"{path}/").split("/")
            for name in self.objects
            if name.startswith(f"{path}/")
        ]
        folders = sorted({part[0] for part in parts if len(part) > 1})
        return folders, sorted(part[0] for part in parts if len(part) == 1)
