//===- Passes.td - passes on the hdp dialect ------------------------------===//

#ifndef HDP_DIALECT_HDP_TRANSFORMS_PASSES
#define HDP_DIALECT_HDP_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def HDPSetPolicy : Pass<"hdp-set-policy", "::mlir::func::FuncOp"> {
  let summary = "Choose how attention is pruned";
  let description = [{
    Attaches a policy to the `hdp.attention` ops of every function, or removes
    it with `exact`. `policy` is a preset, then `key=value` for what differs
    from it, separated by commas, formats as `4.8`; the keys are those of
    `#hdp.policy`. `layers` restricts the pass to some of a function's
    `hdp.attention` ops, counted in order from 0, as numbers and ranges;
    without it all of them; a number that no op of a function has is a warning
    there. A later use overwrites an earlier one.

    The ops must satisfy N0 with the policy; if one does not, the pass fails at
    its location and says which bound was missed.

    Example: `--hdp-set-policy="policy=compensated,rho=0.2 layers=0,3-5"`

    ```
    // before
    %0 = hdp.attention ins(%q, %k, %v : !t, !t, !t) outs(%i : !t)
        {scale = 0.125} -> !t
    // after
    %0 = hdp.attention ins(%q, %k, %v : !t, !t, !t) outs(%i : !t)
        {policy = #hdp.policy<compensated, rho = 0.2>, scale = 0.125} -> !t
    ```
  }];
  let options = [
    Option<"policy", "policy", "std::string", "\"\"",
           "exact, or a preset (paper, compensated) and key=value, separated "
           "by commas">,
    ListOption<"layers", "layers", "std::string",
               "attention ops to change, as numbers and ranges: 0,3-5">
  ];
  let statistics = [
    Statistic<"numSet", "attentions-set", "attention ops given a policy">,
    Statistic<"numExact", "attentions-exact", "attention ops made exact">
  ];
  // Its options are read as attributes before there is an op.
  let dependentDialects = ["::hdp::HDPDialect"];
}

def HDPDecomposeAttention
    : Pass<"hdp-decompose-attention", "::mlir::func::FuncOp"> {
  let summary = "Refine pruned attention into its parts";
  let description = [{
    Replaces every `hdp.attention` on tensors that has a policy by the ops of
    docs/Numerics.md, in this order: split (Q, K) and quantize (V), validity,
    integer pass, block importance, head gate, block mask, scores, softmax,
    apply, dequantize. Attention without a policy stays: it is exact and has no
    parts. Layout permutations become `linalg.transpose`. Sizes that are only
    known at run time are checked there against N0 (`cf.assert`).
  }];
  let dependentDialects = [
    "::hdp::HDPDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
  let statistics = [
    Statistic<"numDecomposed", "attentions-decomposed",
              "attention ops refined into their parts">
  ];
}

def HDPRaiseAttention : Pass<"hdp-raise-attention"> {
  let summary = "Find attention in tensor code and make it one op";
  let description = [{
    Looks for contractions one operand of which is a softmax of scores that are
    themselves a product, and replaces each by an exact `hdp.attention` (no
    policy). What the scores are is read as a formula with exact indices, so
    layouts, reshapes, broadcasts and copies do not matter, and nothing matches
    by extents that happen to agree. Constant factors become `scale`, addends
    `bias`, selections of -inf a `mask`, of a large negative number a `bias`.

    Reads linalg on tensors (any structured op, named or generic, and
    `linalg.softmax`); everything else is left as it is. A candidate that is
    not raised gets a remark (category `hdp`, kind missed) with a reason code,
    one that is a remark of kind passed. docs/Raising.md lists the reasons.

    `report` names a file for what was seen in each function, raised and
    refused, as JSON or as a table (`report-format`); `-` is the standard
    output. With `require` the pass fails unless exactly that many were raised,
    so that a build notices when a front end changes what it prints.

    Example: `--hdp-raise-attention="report=raise.json"`
  }];
  let options = [
    Option<"report", "report", "std::string", "\"\"",
           "file for what was seen, raised and refused; - is the standard "
           "output">,
    Option<"reportFormat", "report-format", "::hdp::ReportFormat",
           "::hdp::ReportFormat::Json", "how the report is written",
           [{::llvm::cl::values(
               clEnumValN(::hdp::ReportFormat::Json, "json", "for programs"),
               clEnumValN(::hdp::ReportFormat::Text, "text", "a table"))}]>,
    Option<"keepExtraUses", "keep-extra-uses", "bool", "false",
           "raise attention whose scores or probabilities are used elsewhere "
           "too; what computes them then stays beside it">,
    Option<"require", "require", "int64_t", "-1",
           "fail unless exactly this many attentions were raised; -1: any "
           "number">
  ];
  let statistics = [
    Statistic<"numRaised", "attentions-raised", "attentions raised">,
    Statistic<"numRefused", "attentions-refused", "candidates left as they are">
  ];
  let dependentDialects = [
    "::hdp::HDPDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // HDP_DIALECT_HDP_TRANSFORMS_PASSES
