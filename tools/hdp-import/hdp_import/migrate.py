"""Rules that turn older, newer or foreign syntax into what MLIR 22 and hdp-opt parse.

A rule is a function text -> (text, number of rewrites). RULES documents each with an example,
which is also its test and its line in docs/Importing.md.
"""

import dataclasses
import re
from typing import Callable

from .model import ImportFailure, closing, split_top

FOREIGN = r"(?:mhlo|jax|torch|onnx|stablehlo|sdy|xla|tf|tfl|iree|util)\."
HEX_I1 = re.compile(r'dense<"0x([0-9A-Fa-f]+)"> : (tensor|vector)<((?:\d+x)*)i1>')
HEADER = re.compile(r"^\s*(?:module|func\.func)\b.*", re.M)
ALGORITHM = re.compile(r"(stablehlo\.dot_general\b[^\n]*?),\s*algorithm\s*=\s*<")
EXPAND = re.compile(r"(tensor\.expand_shape %[\w$.#-]+ \[\[[\d, \[\]]*\]\])(?= : [^\n]*? into "
                    r"tensor<((?:\d+x)+)\w+>)")
INIT = re.compile(r"\blinalg\.init_tensor \[([^\]]*)\] : ")
CHLO = re.compile(r"^( *)(%[\w#]+) = chlo\.(erf|erfc|sinh|cosh|asin|acos|asinh|acosh|atanh) "
                  r"(%[\w#]+) : (tensor<((?:(?:\d+|\?)x)*)(f\d+|bf16)>)(?: -> \S+)?$", re.M)
RENAMED = {"arith.maxf": "arith.maximumf", "arith.minf": "arith.minimumf",
           "math.abs": "math.absf"}


def substitute(pattern, rewrite, text):
    """re.subn that counts only matches that `rewrite` changes."""
    count = 0

    def one(match):
        nonlocal count
        new = rewrite(match)
        count += new != match[0]
        return new

    return pattern.sub(one, text), count


def pack_i1(text):
    """i1 constants in hex: a byte an element (LLVM 23 on) becomes a bit an element."""
    def pack(match):
        data, count = bytes.fromhex(match[1]), 1
        for size in match[3].split("x")[:-1]:
            count *= int(size)
        if len(data) != count or len(data) == (count + 7) // 8:
            return match[0]  # packed already, or a splat
        packed = bytearray((count + 7) // 8)
        for index, byte in enumerate(data):
            packed[index // 8] |= (byte != 0) << (index % 8)
        return 'dense<"0x%s"> : %s<%si1>' % (packed.hex().upper(), match[2], match[3])

    return substitute(HEX_I1, pack, text)


def drop_foreign_attributes(text):
    """attributes of frameworks' dialects on modules, functions, arguments and results."""
    count = 0

    def clean(line):
        nonlocal count
        position = line.find("{")
        while position >= 0:
            end = closing(line, position)
            if end < 0:
                break  # the body, which ends in another line
            entries = split_top(line[position + 1:end])
            kept = [entry for entry in entries if not re.match(FOREIGN, entry.lstrip('"'))]
            count += len(entries) - len(kept)
            if entries and not kept:
                before = re.sub(r"\s*(?:\battributes)?\s*$", "", line[:position])
                line, position = before + line[end + 1:], len(before)
            elif len(kept) < len(entries):
                new = "{" + ", ".join(kept) + "}"
                line, position = line[:position] + new + line[end + 1:], position + len(new)
            else:
                position = end
            position = line.find("{", position)
        return line

    return HEADER.sub(lambda match: clean(match[0]), text), count


def drop_algorithm(text):
    """the `algorithm` of a stablehlo.dot_general, which the way to linalg refuses (bf16)."""
    count, match = 0, ALGORITHM.search(text)
    while match:
        end = closing(text, match.end() - 1)
        if end < 0:
            break
        text, count = text[:match.end(1)] + text[end + 1:], count + 1
        match = ALGORITHM.search(text, match.start())
    return text, count


def add_output_shape(text):
    """tensor.expand_shape without output_shape (before LLVM 19), where the sizes are static."""
    def rewrite(match):
        return "%s output_shape [%s]" % (match[1], ", ".join(match[2].split("x")[:-1]))

    return substitute(EXPAND, rewrite, text)


def rename_ops(text):
    """ops that have another name today."""
    pattern = re.compile(r"(?<== )(%s)(?= )" % "|".join(map(re.escape, RENAMED)))
    return substitute(pattern, lambda match: RENAMED[match[1]], text)


def replace_init_tensor(text):
    """linalg.init_tensor (before LLVM 16) is tensor.empty, which takes dynamic sizes only."""
    def rewrite(match):
        dynamic = [size for size in split_top(match[1]) if size.startswith("%")]
        return "tensor.empty(%s) : " % ", ".join(dynamic)

    return substitute(INIT, rewrite, text)


def chlo_to_math(text):
    """element-wise ops of CHLO (erf and erfc are JAX's exact gelu) become ops of math."""
    def rewrite(match):
        indent, result, name, operand, type_text, sizes, element = match.groups()
        rank = sizes.count("x")
        dims = ", ".join("d%d" % d for d in range(rank))
        identity = "affine_map<(%s) -> (%s)>" % (dims, dims)
        lines = ['%s = linalg.generic {indexing_maps = [%s, %s], iterator_types = [%s]} '
                 'ins(%s : %s) outs(%s : %s) {'
                 % (result, identity, identity, ", ".join(['"parallel"'] * rank), operand,
                    type_text, operand, type_text),
                 "^bb0(%%in: %s, %%out: %s):" % (element, element),
                 "  %%math = math.%s %%in : %s" % (name, element),
                 "  linalg.yield %%math : %s" % element,
                 "} -> %s" % type_text]
        return "\n".join(indent + line for line in lines)

    return substitute(CHLO, rewrite, text)


@dataclasses.dataclass
class Rule:
    name: str
    apply: Callable
    before: str
    after: str
    early: bool = False  # before another tool lowers the text, which wants its own syntax else


RULES = [
    Rule("packed-i1", pack_i1,
         'dense<"0x0001010001"> : tensor<5xi1>', 'dense<"0x16"> : tensor<5xi1>'),
    Rule("foreign-attributes", drop_foreign_attributes,
         "module @m attributes {mhlo.num_replicas = 1 : i32} {", "module @m {"),
    Rule("dot-algorithm", drop_algorithm,
         "stablehlo.dot_general %a, %b, contracting_dims = [1] x [0], "
         "algorithm = <lhs_precision_type = bf16> : (",
         "stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (", early=True),
    Rule("output-shape", add_output_shape,
         "tensor.expand_shape %0 [[0, 1]] : tensor<6xf32> into tensor<2x3xf32>",
         "tensor.expand_shape %0 [[0, 1]] output_shape [2, 3] : tensor<6xf32> "
         "into tensor<2x3xf32>"),
    Rule("renamed-ops", rename_ops,
         "%0 = arith.maxf %a, %b : f32", "%0 = arith.maximumf %a, %b : f32"),
    Rule("init-tensor", replace_init_tensor,
         "linalg.init_tensor [%n, 4] : tensor<?x4xf32>", "tensor.empty(%n) : tensor<?x4xf32>"),
    Rule("chlo-math", chlo_to_math,
         "%1 = chlo.erf %0 : tensor<4xf32> -> tensor<4xf32>",
         "%1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, "
         'affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%0 : tensor<4xf32>) '
         "outs(%0 : tensor<4xf32>) {\n"
         "^bb0(%in: f32, %out: f32):\n  %math = math.erf %in : f32\n"
         "  linalg.yield %math : f32\n} -> tensor<4xf32>", early=True),
]


def migrate(text, counts=None, early=False):
    """`text` after all rules, or the early ones; adds to `counts` how often each one rewrote
    something."""
    for rule in RULES:
        if early and not rule.early:
            continue
        text, count = rule.apply(text)
        if counts is not None and count:
            counts[rule.name] = counts.get(rule.name, 0) + count
    return text


LEFT_OVER = re.compile(r'^[^\n"/]*?(?:= |^\s*)"?((?:torch|torch_c|stablehlo|chlo|mhlo|shape|'
                       r"tm_tensor)\.(?!attention\b|yield\b)[a-z_]\w*)", re.M)
HINTS = {
    "tm_tensor.scan": "a cumulative sum; transformers' causal models compute none when they "
                      "get an attention_mask",
    "stablehlo.while": "a loop; unroll it (in jax: lax.scan with unroll)",
    "chlo": "an op outside StableHLO; write it with simpler ones "
            "(in jax.nn.gelu: approximate=True)",
    "shape": "computed shapes; export with static ones",
}


def refuse_left_overs(text, where):
    """An error that names the first op that no later tool knows."""
    match = LEFT_OVER.search(text)
    if not match:
        return
    hint = HINTS.get(match[1]) or HINTS.get(match[1].split(".")[0])
    raise ImportFailure("%s: '%s' was not lowered%s"
                        % (where, match[1], ": " + hint if hint else ""))


def rule_table():
    """The rules as a Markdown table."""
    rows = ["| rule | what it rewrites | before | after |", "|---|---|---|---|"]
    for rule in RULES:
        cells = [("`%s`" % " ".join(part.split())).replace("|", "\\|")
                 for part in (rule.before, rule.after)]
        rows.append("| `%s` | %s | %s | %s |" % (rule.name, " ".join(rule.apply.__doc__.split()),
                                              *cells))
    return "\n".join(rows) + "\n"
