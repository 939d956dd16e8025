"""Fetch Debian packages by name and unpack them without installing them."""

import shutil
import subprocess
from pathlib import Path


class PackageUnavailable(Exception):
    """apt-get could not download the package."""

    def __init__(self, package: str, output: str) -> None:
        """Keep the package name and what apt-get said."""
        super().__init__(f"{package}: {output.strip() or 'apt-get download failed'}")
        self.package = package


def unpack_package(package: str, *, cache: Path) -> Path:
    """Return the directory that holds the unpacked package, downloading it at most once."""
    target = cache / "unpacked" / package
    if target.exists():
        return target
    downloads = cache / "debs"
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob(f"{package}_*.deb")):
        result = subprocess.run(
            ["apt-get", "download", package],
            cwd=downloads,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise PackageUnavailable(package, result.stderr)
    archive = max(downloads.glob(f"{package}_*.deb"))
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "-x", str(archive), str(partial)], check=True)
    partial.rename(target)
    return target
