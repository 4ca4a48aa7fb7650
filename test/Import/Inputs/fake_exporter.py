"""hdp-import with a torch route that needs no torch: it hands over fixed IR and tensors.

usage: fake_exporter.py FOLDER_OF_HDP_IMPORT options of hdp-import
"""

import struct
import sys

sys.path.insert(0, sys.argv[1])

from hdp_import import cli
from hdp_import.model import Imported, Tensor

TEXT = """
func.func @main(%factor: tensor<3xf32>, %x: tensor<2x3xf32>, %unused: tensor<2xi64>)
    -> (tensor<2x3xf32> {jax.result_info = "result"}) {
  %empty = tensor.empty() : tensor<2x3xf32>
  %wide = linalg.broadcast ins(%factor : tensor<3xf32>) outs(%empty : tensor<2x3xf32>)
      dimensions = [0]
  %0 = arith.mulf %x, %wide : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
"""


def floats(*values):
    return lambda: struct.pack("<%df" % len(values), *values)


def export(options):
    if options.source == "boom":
        raise RuntimeError("the exporter\nfailed")
    return Imported(
        TEXT.replace("\n    ->", " ->"),
        [Tensor("x", "f32", (2, 3), floats(1, 2, 3, 4, 5, 6)),
         Tensor("unused", "i64", (2,), lambda: struct.pack("<2q", 7, 8))],
        [Tensor("factor", "f32", (3,), floats(1, 10, 100))],
        [Tensor("result0", "f32", (2, 3), floats(1, 20, 300, 4, 50, 600))], [2, 0, 1])


cli.ROUTES["torch"] = (export,) + cli.ROUTES["torch"][1:]
sys.exit(cli.main(sys.argv[2:]))
