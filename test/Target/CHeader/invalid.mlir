// What C cannot call.
// RUN: not hdp-translate --hdp-to-c-header --split-input-file %s 2>&1 | FileCheck %s

// CHECK: error: expected tensors of integers or floats, and scalars that C has, found 'bf16' in 'half'
func.func @half(%x: bf16) {
  return
}

// -----

// CHECK: error: expected tensors of integers or floats, and scalars that C has, found 'tensor<*xf32>' in 'unranked'
func.func @unranked(%x: tensor<*xf32>) {
  return
}

// -----

// CHECK: error: expected a function name that C can spell, found 'main.1'
func.func @main.1() {
  return
}

// -----

// CHECK: error: expected a public function, found none
module {
}
