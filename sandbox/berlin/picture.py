"""A challenge to scan, as a photoTAN has them: a mosaic that is another for each TAN, as a PNG (ISO 15948)."""

import hashlib
import struct
import zlib

SIDE = 16  # squares, each of as many pixels


def png(tan: str) -> bytes:
    """Black and white, eight bits to a pixel; the squares are the SHA-256 of the TAN."""
    bits = int.from_bytes(hashlib.sha256(tan.encode()).digest())
    rows = []
    for y in range(SIDE):
        row = b"".join((b"\xff" if bits >> (y * SIDE + x) & 1 else b"\x00") * SIDE for x in range(SIDE))
        rows.append((b"\x00" + row) * SIDE)
    header = struct.pack(">IIBBBBB", SIDE * SIDE, SIDE * SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
