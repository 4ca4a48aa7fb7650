"""Damages every file of a folder, each in one of three ways: damage.py FOLDER"""

import os
import sys

for index, name in enumerate(sorted(os.listdir(sys.argv[1]))):
    path = os.path.join(sys.argv[1], name)
    with open(path, "rb") as file:
        content = file.read()
    middle = len(content) // 2
    content = [content[:middle], b"not an object\n",
               content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]][index % 3]
    with open(path, "wb") as file:
        file.write(content)
