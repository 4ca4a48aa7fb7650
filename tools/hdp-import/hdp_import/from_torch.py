"""torch -> linalg or TOSA through torch-mlir's FX importer, the weights as arguments."""

import inspect

from .model import Imported, ImportFailure, Tensor, framework_type
from .wheels import call_factory, need

SDPA = "aten.scaled_dot_product_attention"


def to_tensor(name, value):
    """A torch tensor as a Tensor; its bytes are copied only when they are written."""
    import torch

    def read():
        flat = value.detach().cpu().contiguous().reshape(-1)
        return flat.view(torch.uint8).numpy().tobytes()

    return Tensor(name, framework_type(name, value.dtype), tuple(value.shape), read)


def name_inputs(module, arguments):
    """(names, tensors, a function that makes the call's arguments from tensors)."""
    import torch
    if isinstance(arguments, dict):
        names, values = list(arguments), list(arguments.values())
        place = lambda tensors: ((), dict(zip(names, tensors)))
    else:
        values = list(arguments) if isinstance(arguments, (tuple, list)) else [arguments]
        parameters = [parameter.name for parameter in
                      inspect.signature(module.forward).parameters.values()
                      if parameter.kind in (parameter.POSITIONAL_ONLY,
                                            parameter.POSITIONAL_OR_KEYWORD)]
        names = [parameters[index] if index < len(parameters) else "arg%d" % index
                 for index in range(len(values))]
        place = lambda tensors: (tuple(tensors), {})
    for name, value in zip(names, values):
        if not isinstance(value, torch.Tensor):
            raise ImportFailure("argument '%s': expected a tensor, found %s; bind other values "
                                "inside the module" % (name, type(value).__name__))
    return names, values, place


def state_of(module, max_constant):
    """Parameters (tied ones once), and buffers of more than `max_constant` elements."""
    state = {name: value.detach() for name, value in module.named_parameters()}
    state.update((name, value.detach()) for name, value in module.named_buffers()
                 if value.numel() > max_constant)
    return state


def make_functional(module, names, count, place):
    """A module without parameters that calls `module` with the state it is given, and returns
    the tensors of the result as a tuple."""
    import torch
    from torch.utils import _pytree as pytree
    hidden = [module]  # in a list, so that it is no submodule

    class Functional(torch.nn.Module):
        def forward(self, *values):
            state = dict(zip(names, values[count:]))
            positional, named = place(values[:count])
            result = torch.func.functional_call(hidden[0], state, positional, named)
            leaves = pytree.tree_leaves(result)
            return tuple(leaf for leaf in leaves if isinstance(leaf, torch.Tensor))

    return Functional().eval()


def decompositions(keep):
    """torch-mlir's table, without attention if that is to stay one op."""
    from torch_mlir.extras.fx_decomp_util import get_decomposition_table
    return {op: rule for op, rule in get_decomposition_table().items()
            if not keep or "scaled_dot_product" not in str(op)}


def import_torch(options):
    """-> (Imported, results for the example)."""
    torch = need("torch", "torch")
    fx = need("torch_mlir.fx", "torch-mlir")
    module, arguments = call_factory(options.source, (2,),
                                     "(torch.nn.Module, example arguments)")
    if not isinstance(module, torch.nn.Module):
        raise ImportFailure("%s: expected a torch.nn.Module first, found %s"
                            % (options.source, type(module).__name__))
    module = module.eval()
    names, values, place = name_inputs(module, arguments)
    state = state_of(module, options.max_constant)
    wrapped = make_functional(module, list(state), len(values), place)
    everything = tuple(values) + tuple(state.values())
    keep = options.attention == "op" and options.form == "linalg"
    with torch.no_grad():
        results = wrapped(*everything)
        if not results:
            raise ImportFailure("%s: the module returns no tensor" % options.source)
        made = fx.export_and_import(
            wrapped, *everything, func_name="main",
            output_type={"linalg": "linalg_on_tensors"}.get(options.form, options.form),
            decomposition_table=decompositions(keep),
            # Without it torch-mlir itself decomposes attention that has no mask.
            backend_legal_ops=[SDPA] if keep else None)
    imported = Imported(str(made),
                        [to_tensor(*pair) for pair in zip(names, values)],
                        [to_tensor(*pair) for pair in state.items()],
                        [to_tensor("result%d" % index, value)
                         for index, value in enumerate(results)])
    return imported
