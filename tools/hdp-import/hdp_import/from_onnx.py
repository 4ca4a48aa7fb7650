"""ONNX -> torch dialect by torch-mlir's importer -> linalg or TOSA, the weights as arguments."""

import os
import sys
import tempfile

from .model import Imported, ImportFailure, Tensor
from .wheels import need, run, torch_mlir_opt

PASSES = ("torch-onnx-to-torch-backend-pipeline,"
          "torch-backend-to-%s-backend-pipeline")
# Inputs of these ops are read at compile time.
COMPILE_TIME = {"Resize", "Upsample", "QuantizeLinear", "DequantizeLinear", "Pad", "Clip"}


def element_types(onnx):
    types = onnx.TensorProto
    return {types.BOOL: "i1", types.INT8: "i8", types.INT16: "i16", types.INT32: "i32",
            types.INT64: "i64", types.FLOAT16: "f16", types.BFLOAT16: "bf16",
            types.FLOAT: "f32", types.DOUBLE: "f64"}


def describe(onnx, values, where):
    """Tensors for graph inputs or outputs, which have to be static."""
    tensors, types = [], element_types(onnx)
    for value in values:
        kind = value.type.tensor_type
        dims = [dim.dim_value for dim in kind.shape.dim]
        if not kind.HasField("shape") or not all(dims):
            raise ImportFailure("%s: '%s': expected static sizes; set them with onnx's "
                                "tools.update_model_dims" % (where, value.name))
        tensors.append(Tensor(value.name, types.get(kind.elem_type, str(kind.elem_type)), dims))
    return tensors


def weights_to_inputs(onnx, graph):
    """Floating-point initializers of rank 1 and more become inputs of the graph; -> Tensors."""
    types = onnx.TensorProto
    floats = {types.FLOAT, types.DOUBLE, types.FLOAT16, types.BFLOAT16}
    fixed = {name for node in graph.node if node.op_type in COMPILE_TIME
             for name in node.input[1:]}
    weights, kept = [], []
    known = {value.name for value in graph.input}
    for tensor in graph.initializer:
        if tensor.data_type not in floats or not tensor.dims or tensor.name in fixed:
            kept.append(tensor)
            continue
        weights.append(Tensor(
            tensor.name, element_types(onnx)[tensor.data_type], tensor.dims,
            lambda tensor=tensor: onnx.numpy_helper.to_array(tensor).tobytes()))
        if tensor.name in known:  # IR version 3: initializers are inputs as well
            value = next(value for value in graph.input if value.name == tensor.name)
            graph.input.remove(value)
        graph.input.append(onnx.helper.make_tensor_value_info(
            tensor.name, tensor.data_type, list(tensor.dims)))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return weights


def prepare(onnx, path):
    """The model with attention as ops that torch-mlir lowers."""
    try:
        model = onnx.load(path)
    except OSError as error:
        raise ImportFailure("%s: %s" % (path, (error.strerror or str(error)).lower()))
    except Exception as error:  # protobuf's own exceptions
        raise ImportFailure("%s: expected an ONNX model: %s" % (path, error))
    if not model.graph.node:
        raise ImportFailure("%s: expected an ONNX model, found none" % path)
    if any(node.op_type == "Attention" and not node.domain for node in model.graph.node):
        inliner = need("onnx.inliner", "onnx")
        model = inliner.inline_selected_functions(model, [("", "Attention")],
                                                  inline_schema_functions=True)
    return model


def import_onnx(options):
    onnx = need("onnx", "onnx")
    need("onnx.numpy_helper", "onnx")
    need("torch_mlir", "torch-mlir")
    model = prepare(onnx, options.source)
    initial = {tensor.name for tensor in model.graph.initializer}
    inputs = describe(onnx, [value for value in model.graph.input
                             if value.name not in initial], options.source)
    results = describe(onnx, model.graph.output, options.source)
    weights = weights_to_inputs(onnx, model.graph)
    with tempfile.TemporaryDirectory() as folder:
        path, text = os.path.join(folder, "model.onnx"), os.path.join(folder, "model.mlir")
        onnx.save(model, path)
        run([sys.executable, "-m", "torch_mlir.tools.import_onnx", path, "-o", text])
        with open(text, encoding="utf-8") as file:
            text = file.read()
    form = {"linalg": "linalg-on-tensors"}.get(options.form, options.form)
    tensors = {tensor.name: position for position, tensor in enumerate(inputs + weights)}
    order = [tensors[value.name] for value in model.graph.input]
    return Imported(torch_mlir_opt(text, PASSES % form), inputs, weights, results, order)
