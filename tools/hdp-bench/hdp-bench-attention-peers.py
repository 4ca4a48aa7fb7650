"""The attention of frameworks, for hdp-bench: commands on standard input, a line each.

    load FILE.npz SCALE causal|unmasked
                        q, k and v, [heads, rows, columns] in f32; what can be called with them
    run N               calls peer N once, `seconds` of processor time
    result N FILE.npz   writes the result of peer N's last call
"""

from hdp_bench_peers import serve, timed

import numpy


def torch_peers(q, k, v, scale, causal):
    import torch
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    sdpa = torch.nn.functional.scaled_dot_product_attention
    tensors = [torch.from_numpy(x)[None] for x in (q, k, v)]
    halves = [x.bfloat16() for x in tensors]
    later = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).triu(1)

    def spelled_out():
        scores = tensors[0] @ tensors[1].transpose(-1, -2) * scale
        if causal:
            scores.masked_fill_(later, -torch.inf)
        return torch.softmax(scores, -1) @ tensors[2]

    for name, precision, call in (
            ("PyTorch sdpa f32", "f32", lambda: sdpa(*tensors, scale=scale, is_causal=causal)),
            ("PyTorch softmax(QK)V f32", "f32", spelled_out),
            ("PyTorch sdpa bf16", "bf16", lambda: sdpa(*halves, scale=scale, is_causal=causal))):
        yield name, precision, torch.__version__, call, lambda x: x[0].float().numpy()


def onnxruntime_session(nodes, shapes, result, opset, domain=""):
    import onnx
    import onnxruntime
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes, "attention",
        [value(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [value("out", onnx.TensorProto.FLOAT, result)])
    opsets = [onnx.helper.make_opsetid("", opset)]
    if domain:
        opsets.append(onnx.helper.make_opsetid(domain, 1))
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options,
                                        providers=["CPUExecutionProvider"])


def onnxruntime_peers(q, k, v, scale, causal):
    import onnx
    import onnxruntime
    version = onnxruntime.__version__
    heads, rows, _ = q.shape
    columns = v.shape[2]
    four = {"q": q[None], "k": k[None], "v": v[None]}
    node = onnx.helper.make_node("Attention", ["q", "k", "v"], ["out"], scale=float(scale),
                                 is_causal=int(causal))
    session = onnxruntime_session([node], {n: x.shape for n, x in four.items()},
                                  (1, heads, rows, columns), 23)
    yield ("ONNX Runtime Attention f32", "f32", version,
           lambda: session.run(None, four)[0], lambda x: x[0])
    if columns != q.shape[2]:
        return
    # [batch, rows, heads * columns], which is the operator's only layout for Q.
    flat = {name: numpy.ascontiguousarray(x.transpose(1, 0, 2).reshape(1, x.shape[1], -1))
            for name, x in (("q", q), ("k", k), ("v", v))}
    node = onnx.helper.make_node("MultiHeadAttention", ["q", "k", "v"], ["out"],
                                 domain="com.microsoft", num_heads=heads, scale=float(scale),
                                 unidirectional=int(causal))
    second = onnxruntime_session([node], {n: x.shape for n, x in flat.items()},
                                 (1, rows, heads * columns), 23, "com.microsoft")
    yield ("ONNX Runtime MultiHeadAttention f32", "f32", version,
           lambda: second.run(None, flat)[0],
           lambda x: x[0].reshape(rows, heads, columns).transpose(1, 0, 2))


def openvino_peers(q, k, v, scale, causal):
    import openvino
    from openvino import opset13
    parameters = [opset13.parameter((1,) + x.shape, numpy.float32) for x in (q, k, v)]
    mask = opset13.constant(numpy.zeros((1, 1, 1, 1), numpy.float32))
    node = opset13.scaled_dot_product_attention(
        *parameters, mask, opset13.constant(numpy.float32(scale)), causal=causal)
    model = openvino.Model([node], parameters, "attention")
    compiled = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1})
    request = compiled.create_infer_request()
    tensors = [openvino.Tensor(numpy.ascontiguousarray(x[None])) for x in (q, k, v)]

    def call():
        request.infer(tensors)
        return request.get_output_tensor().data

    yield "OpenVINO sdpa f32", "f32", openvino.__version__, call, lambda x: x[0]


KINDS = {"PyTorch": torch_peers, "ONNX Runtime": onnxruntime_peers, "OpenVINO": openvino_peers}


class Peers:
    def __init__(self):
        self.peers, self.results = [], {}

    def load(self, path, scale, masking):
        with numpy.load(path) as file:
            q, k, v = (file[name] for name in ("q", "k", "v"))
        self.peers, self.results, absent = [], {}, []
        for kind, make in KINDS.items():
            # One that fails is absent: its versions or this processor do not suit it.
            try:
                for peer in make(q, k, v, float(scale), masking == "causal"):
                    peer[3]()
                    self.peers.append(peer)
            except Exception as error:  # whatever a framework raises
                text = (str(error).strip() or type(error).__name__).splitlines()[0]
                absent.append({"name": kind, "reason": text})
        return {"peers": [{"name": name, "precision": precision, "version": version}
                          for name, precision, version, _, _ in self.peers], "absent": absent}

    def run(self, index):
        self.results[int(index)], answer = timed(self.peers[int(index)][3])
        return answer

    def result(self, index, path):
        convert = self.peers[int(index)][4]
        numpy.savez(path, out=numpy.ascontiguousarray(convert(self.results[int(index)])))
        return {}


if __name__ == "__main__":
    peers = Peers()
    serve(load=peers.load, run=peers.run, result=peers.result)
