"""model-signing behind ``foundation.package.signature``: elliptic keys in files, no server, no network."""

from pathlib import Path

from model_signing import signing, verifying

from pavedroad.errors import PackageError


def sign(folder: Path, signature: Path, key: Path, password: str | None) -> None:
    """Sign a folder with a private key (PEM, elliptic).

    Raises:
        PackageError: the key cannot be read or is of another kind.
    """
    _require_key(key)
    try:
        signing.Config().use_elliptic_key_signer(private_key=key, password=password).sign(folder, signature)
    except Exception as error:  # its libraries raise what they like
        raise PackageError(
            f"This is no private key that could sign, or its password is another ({type(error).__name__}).",
            where=key,
            next_step="It must be a private key on an elliptic curve, for example by: "
            "openssl ecparam -name prime256v1 -genkey -noout -out key.pem.",
        ) from error


def verify(folder: Path, signature: Path, key: Path) -> None:
    """Verify the signature of a folder with a public key.

    Raises:
        PackageError: it is not of this key, or not of these files, or there is none.
    """
    _require_key(key)
    try:
        verifying.Config().use_elliptic_key_verifier(public_key=key).verify(folder, signature)
    except Exception as error:  # a signature that cannot be judged is none
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise PackageError(f"The signature does not hold: {reason}.", where=signature) from error


def _require_key(key: Path) -> None:
    try:
        key.read_bytes()
    except OSError as error:
        raise PackageError(f"The key cannot be read: {error.strerror}.", where=key) from error
