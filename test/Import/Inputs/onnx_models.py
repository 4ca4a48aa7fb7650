"""Writes ONNX models for the import tests, with example inputs and the results that onnx's own
evaluator computes.

usage: onnx_models.py written|attention|dynamic MODEL.onnx EXAMPLE.npz
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

kind, path, example = sys.argv[1:]
rng = np.random.default_rng(5)
draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)
weights = {name: 0.2 * draw(32, 32) for name in ("query", "key", "value", "output")}
shape = numpy_helper.from_array(np.array([2, 16, 2, 16], np.int64), "heads")
back = numpy_helper.from_array(np.array([2, 16, 32], np.int64), "back")
nodes = []
for name in ("query", "key", "value"):
    nodes += [helper.make_node("MatMul", ["x", name], [name + "_flat"]),
              helper.make_node("Reshape", [name + "_flat", "heads"], [name + "_heads"]),
              helper.make_node("Transpose", [name + "_heads"], [name + "_t"], perm=[0, 2, 1, 3])]
initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
if kind == "written":
    opset = 18
    initializers.append(numpy_helper.from_array(np.float32(0.25), "scale"))
    nodes += [helper.make_node("Transpose", ["key_t"], ["key_tt"], perm=[0, 1, 3, 2]),
              helper.make_node("MatMul", ["query_t", "key_tt"], ["raw"]),
              helper.make_node("Mul", ["raw", "scale"], ["scores"]),
              helper.make_node("Softmax", ["scores"], ["probabilities"], axis=-1),
              helper.make_node("MatMul", ["probabilities", "value_t"], ["attended"])]
else:
    opset = 23
    nodes += [helper.make_node("Attention", ["query_t", "key_t", "value_t"], ["attended"])]
nodes += [helper.make_node("Transpose", ["attended"], ["attended_t"], perm=[0, 2, 1, 3]),
          helper.make_node("Reshape", ["attended_t", "back"], ["flat"]),
          helper.make_node("MatMul", ["flat", "output"], ["y"])]
sizes = ["batch" if kind == "dynamic" else 2, 16, 32]
tensor = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)
graph = helper.make_graph(nodes, "encoder", [tensor("x")], [tensor("y")],
                          initializers + [shape, back])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
onnx.checker.check_model(model)
onnx.save(model, path)
x = draw(2, 16, 32)
np.savez(example, **{"x": x, "expected.result0": ReferenceEvaluator(model).run(None, {"x": x})[0]})
