"""A device with passkeys, in software: it answers what browsers ask of one. Source: Web Authentication Level 3, section 6."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Device:
    """Makes passkeys and signs with them; `counts` says whether it counts its signatures."""

    origin: str
    counts: bool = True
    count: int = 0
    keys: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = field(default_factory=dict)
    """By credential id: the key and whose it is."""

    def create(self, options: dict[str, Any]) -> str:
        """Make a passkey and return what a browser would send on, as JSON."""
        credential, key = secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1())
        self.keys[bytes_to_base64url(credential)] = (key, base64url_to_bytes(options["user"]["id"]))
        numbers = key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(credential)) + credential + cbor2.dumps(cose)
        told = self._told(options["rp"]["id"], ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
        response = {"attestationObject": bytes_to_base64url(attestation), "transports": ["internal", "hybrid"]}
        return self._answered(credential, "webauthn.create", options["challenge"], response)

    def get(self, options: dict[str, Any]) -> str:
        """Sign with the passkey that was made last and return what a browser would send on, as JSON."""
        name, (key, handle) = list(self.keys.items())[-1]
        self.count += self.counts
        told = self._told(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        signature = key.sign(told + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "authenticatorData": bytes_to_base64url(told),
            "signature": bytes_to_base64url(signature),
            "userHandle": bytes_to_base64url(handle),
        }
        return self._answered(base64url_to_bytes(name), "webauthn.get", options["challenge"], response)

    def _told(self, rp_id: str, more: int = 0) -> bytes:
        flags = PRESENT | VERIFIED | more
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answered(self, credential: bytes, kind: str, challenge: str, response: dict[str, Any]) -> str:
        name = bytes_to_base64url(credential)
        told = {**response, "clientDataJSON": bytes_to_base64url(self._client(kind, challenge))}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": told, "clientExtensionResults": {}})
