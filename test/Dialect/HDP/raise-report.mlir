// The report in both forms, and the number that a build can ask for.
// RUN: hdp-opt %s --hdp-raise-attention="report=- report-format=text" -o /dev/null | FileCheck %s --check-prefix=TEXT --match-full-lines --strict-whitespace
// RUN: hdp-opt %s --hdp-raise-attention="report=-" -o /dev/null | FileCheck %s --check-prefix=JSON
// RUN: hdp-opt %s --hdp-raise-attention="require=1" -o /dev/null
// RUN: hdp-opt %s --hdp-raise-pipeline="require=1" -o /dev/null
// RUN: not hdp-opt %s --hdp-raise-attention="require=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REQUIRE
// RUN: not hdp-opt %s --hdp-raise-pipeline="require=-2" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not hdp-opt %s --hdp-raise-attention="report-format=html" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FORMAT

// NEGATIVE: raise-report.mlir:{{.*}}: error: expected require of -1 or more, found -2

//      TEXT:function                 contractions softmaxes raised refused
// TEXT-NEXT:raised                              2         1      1       0
// TEXT-NEXT:refused                             2         1      0       1
// TEXT-NEXT:{{.*}}raise-report.mlir:[[# @LINE + 33]]:8: refused, softmax-axis: {{.*}}

// JSON: "raised": 1
// JSON: "refused": [
// JSON: "functions": [
// JSON-NEXT: {
// JSON-NEXT: "function": "raised",
// JSON-NEXT: "contractions": 2,
// JSON-NEXT: "softmaxes": 1,
// JSON-NEXT: "raised": 1,
// JSON-NEXT: "refused": 0

// REQUIRE: error: expected 2 attentions raised, found 1 and 1 refused
// FORMAT: for the --report-format option: Cannot find option named

!t = tensor<2x16x16xf32>
func.func @raised(%q: !t, %k: !t, %v: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : !t
  %init = linalg.fill ins(%zero : f32) outs(%e : !t) -> !t
  %s = linalg.batch_matmul ins(%q, %k : !t, !t) outs(%init : !t) -> !t
  %p = linalg.softmax dimension(2) ins(%s : !t) outs(%e : !t) -> !t
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%init : !t) -> !t
  return %o : !t
}

func.func @refused(%q: !t, %k: !t, %v: !t) -> !t {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : !t
  %init = linalg.fill ins(%zero : f32) outs(%e : !t) -> !t
  %s = linalg.batch_matmul ins(%q, %k : !t, !t) outs(%init : !t) -> !t
  // The softmax is over the rows, not over the keys that are summed.
  %p = linalg.softmax dimension(1) ins(%s : !t) outs(%e : !t) -> !t
  %o = linalg.batch_matmul ins(%p, %v : !t, !t) outs(%init : !t) -> !t
  return %o : !t
}
