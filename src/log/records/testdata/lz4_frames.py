"""Prints LZ4 frames as JSON {options: base64}, each of the same content, by the reference library."""

import base64
import json
import lz4.frame

text = "".join(f'{{"n":{i * i},"traveller":"t{i % 7}@example.com"}}\n' for i in range(200)).encode()
state = 1
noise = bytearray()
for _ in range(300):
    state = state * 16807 % 2147483647
    noise.append(state % 256)
# Linked blocks can repeat the first text, which is in the first block, in the second one.
content = bytes(noise) + bytes(50000) + text + bytes(20000) + text

frames = {}
for linked in [False, True]:
    for name, options in {
        "plain": {},
        "block-checksums": {"block_checksum": True},
        "content-checksum-and-size": {"content_checksum": True, "store_size": True},
        "everything": {"block_checksum": True, "content_checksum": True, "store_size": True, "compression_level": 9},
    }.items():
        settings = {"store_size": False, **options}
        frame = lz4.frame.compress(content, block_size=lz4.frame.BLOCKSIZE_MAX64KB, block_linked=linked, **settings)
        frames[f"{name}-{'linked' if linked else 'independent'}"] = base64.b64encode(frame).decode()
frames["noise-alone"] = base64.b64encode(lz4.frame.compress(bytes(noise), content_checksum=True)).decode()
frames["empty"] = base64.b64encode(lz4.frame.compress(b"", content_checksum=True)).decode()
print(json.dumps(frames, indent=2))
