"""jax -> StableHLO, as jax prints it, -> linalg."""

from .from_stablehlo import lower
from .model import Imported, Tensor, framework_type
from .wheels import call_factory, need


def to_tensor(name, value):
    import numpy
    array = numpy.asarray(value)
    return Tensor(name, framework_type(name, array.dtype), array.shape,
                  lambda: numpy.ascontiguousarray(array).tobytes())


def path_name(path):
    """The keys of a leaf, joined by dots: layers.0.kernel."""
    keys = [getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))) for key in path]
    return ".".join(str(key) for key in keys)


def name_leaves(tree, default):
    """Tensors for the leaves of a tree, named by their paths."""
    from jax import tree_util
    return [to_tensor(path_name(path) or default, leaf)
            for path, leaf in tree_util.tree_flatten_with_path(tree)[0]]


def import_jax(options):
    jax = need("jax", "jax")
    made = call_factory(options.source, (2, 3),
                        "(function, arguments) or (function, weights, arguments)")
    function, arguments = made[0], made[-1]
    arguments = arguments if isinstance(arguments, (tuple, list)) else (arguments,)
    weights = made[1:-1]
    import inspect
    names = [name for name in inspect.signature(function).parameters][len(weights):]
    inputs = []
    for index, argument in enumerate(arguments):
        name = names[index] if index < len(names) else "arg%d" % index
        leaves = name_leaves(argument, "")
        for leaf in leaves:
            leaf.name = name + ("." + leaf.name if leaf.name else "")
        inputs += leaves
    state = [leaf for tree in weights for leaf in name_leaves(tree, "weights")]
    # Unused arguments stay: an argument of the function is one of the manifest.
    jitted = jax.jit(function, keep_unused=True)
    text = str(jitted.lower(*weights, *arguments).compiler_ir("stablehlo"))
    results = [to_tensor("result%d" % index, leaf) for index, leaf in
               enumerate(jax.tree_util.tree_leaves(jitted(*weights, *arguments)))]
    count = len(inputs)
    order = [count + index for index in range(len(state))] + list(range(count))
    return Imported(lower(text, options), inputs, state, results, order)
