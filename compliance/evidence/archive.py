"""A ZIP that has the same bytes for the same files, with their checksums inside."""

import hashlib
import io
import zipfile
from collections.abc import Mapping

# The earliest time a ZIP can hold stands for "no time".
EPOCH = (1980, 1, 1, 0, 0, 0)
CHECKSUMS = "SHA256SUMS"
READABLE_BY_ALL = 0o644 << 16
COMPRESSION_LEVEL = 6
UNIX = 3


def write_archive(files: Mapping[str, bytes], *, folder: str) -> bytes:
    """Return the files in a ZIP below one folder, in order of their names, with SHA256SUMS as `sha256sum -c` reads it."""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted({**files, CHECKSUMS: sums.encode()}.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=EPOCH)
            entry.external_attr = READABLE_BY_ALL
            entry.create_system = UNIX  # wherever it is made
            archive.writestr(
                entry, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL
            )
    return target.getvalue()
