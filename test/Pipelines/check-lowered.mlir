// RUN: hdp-opt %s --hdp-check-lowered --split-input-file --verify-diagnostics

llvm.func @lowered(%a: f32) -> f32 {
  llvm.return %a : f32
}

// -----

llvm.func @left_over(%a: f32) -> f32 {
  // expected-error @below {{'math.exp' op was not lowered to the LLVM dialect}}
  %0 = math.exp %a : f32
  llvm.return %0 : f32
}
