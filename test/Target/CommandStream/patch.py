"""Changes a byte of a stream and makes its checksum right again.

usage: patch.py STREAM OUTPUT OFFSET VALUE

OFFSET may count from the end; it is of the byte behind a command's header.
"""

import struct
import sys
import zlib


def main():
    source, target, offset, value = sys.argv[1:]
    with open(source, "rb") as file:
        stream = bytearray(file.read())
    stream[int(offset) + 4] = int(value)
    stream[28:32] = struct.pack("<I", zlib.crc32(bytes(stream[32:])))
    with open(target, "wb") as file:
        file.write(stream)


if __name__ == "__main__":
    main()
