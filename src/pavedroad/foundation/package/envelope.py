"""The package as one noun: a verified folder that gives its model, and everything that is known about it.

    found = open_package(Path("package"))
    found.signature.inputs, found.digest
    model = found.load_model()

Opening verifies every byte against the manifest. Loading executes nothing: the format that the file's name says is the
only one that is tried, and it takes no type that is not on its list.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pavedroad.errors import ConfigError, EvidenceError, PackageError
from pavedroad.foundation.data.profile import Profile
from pavedroad.foundation.package.answers import ANSWERS
from pavedroad.foundation.package.facts import FACTS, Facts
from pavedroad.foundation.package.folder import MANIFEST, Manifest, digest_folder, verify_manifest
from pavedroad.foundation.package.lineage import Lineage
from pavedroad.foundation.package.model import PROFILE, SIGNATURE, Signature, load_format
from pavedroad.report import decode

T = TypeVar("T")

LINEAGE = "lineage.json"
ENVIRONMENT = "environment.txt"
CARD, CARD_PAGE = "card.md", "card.html"


@dataclass(frozen=True)
class Package:
    """A folder whose every byte is the one its manifest names."""

    folder: Path
    manifest: Manifest
    digest: str
    """The SHA-256 of the manifest: the name of exactly this package."""

    @property
    def signature(self) -> Signature:
        """What the model takes and gives."""
        return self._read(SIGNATURE, Signature)

    @property
    def profile(self) -> Profile:
        """What the training rows looked like."""
        return self._read(PROFILE, Profile)

    @property
    def lineage(self) -> Lineage:
        """What the model was made of."""
        return self._read(LINEAGE, Lineage)

    @property
    def facts(self) -> Facts:
        """What the package says of itself."""
        return self._read(FACTS, Facts)

    def find_model(self) -> tuple[str, Path]:
        """The format and the file of the model.

        Raises:
            PackageError: there is no model file, or more than one.
        """
        if ANSWERS in self.manifest.files:
            raise PackageError(
                "The package holds no model, but predictions for the rows it was judged on; there is nothing to load.",
                where=self.folder / ANSWERS,
            )
        found = sorted(name for name in self.manifest.files if name.startswith("model."))
        if len(found) != 1:
            raise PackageError(f"The package holds {len(found)} model files; it must hold one.", where=self.folder)
        return found[0].removeprefix("model."), self.folder / found[0]

    def find_kept(self) -> Path:
        """The file of the model, or that of the predictions which stand for one.

        Raises:
            PackageError: there is none, or more than one.
        """
        return self.folder / ANSWERS if ANSWERS in self.manifest.files else self.find_model()[1]

    def load_model(self, trusted: list[str] | None = None) -> Any:  # noqa: ANN401
        """Load the model, with the format that its file's name says and no other.

        Args:
            trusted: types that it may hold beyond the format's own list, by full name.

        Raises:
            PackageError: there is no such format, the file is damaged, or it holds a type that is not trusted.
        """
        name, path = self.find_model()
        try:
            model_format = load_format(name)
        except ConfigError as error:
            raise PackageError(f"{name!r} is no format that a model is read from.", where=path) from error
        return model_format.load(path, trusted or [])

    def _read(self, name: str, kind: type[T]) -> T:
        path = self.folder / name
        if name not in self.manifest.files:
            raise PackageError(f"The package lacks {name!r}.", where=path)
        try:
            return msgspec.convert(decode(path.read_bytes(), where=path), kind)
        except (msgspec.ValidationError, EvidenceError) as error:
            raise PackageError(f"This is not what a package holds there: {error}.", where=path) from error


def open_package(folder: Path) -> Package:
    """Open a package after having verified every byte of it.

    Raises:
        PackageError: it is not what was packed; the error names the file.
    """
    if not folder.is_dir():
        raise PackageError(
            "There is no package here.", where=folder / MANIFEST, next_step="Make one with: pavedroad check."
        )
    manifest = verify_manifest(folder)
    return Package(folder=folder, manifest=manifest, digest=digest_folder(folder))
