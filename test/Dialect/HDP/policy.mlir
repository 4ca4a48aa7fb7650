// Two spellings of the same choices are one attribute, printed relative to the
// preset with fewer differences.
// RUN: hdp-opt %s --allow-unregistered-dialect -split-input-file | FileCheck %s

// CHECK: #hdp.policy<compensated>
"test.a"() {p = #hdp.policy<compensated>} : () -> ()
// -----
// CHECK: #hdp.policy<paper>
"test.a"() {p = #hdp.policy<paper>} : () -> ()
// -----
// Keys in any order, the values of the preset left out.
// CHECK: #hdp.policy<compensated, group = 32, block = 2x1, rho = 0.2>
"test.a"() {p = #hdp.policy<compensated, rho = 0.2, tau = 0, block = 2x1, group = 32>} : () -> ()
// -----
// paper spelled out from compensated is paper.
// CHECK: #hdp.policy<paper>
"test.a"() {p = #hdp.policy<compensated, format = fixed<4, 8>, value_format = fixed<4, 12>, exponents = static, split = floor, importance = abs, products = cross, pruned = dropped, group = 0, measure = magnitude, gated = zero, reciprocal = linear>} : () -> ()
// -----
// compensated spelled out from paper is compensated.
// CHECK: #hdp.policy<compensated>
"test.a"() {p = #hdp.policy<paper, format = fixed<4, 4>, value_format = fixed<4, 4>, exponents = dynamic, split = nearest, importance = signed, products = full, pruned = compensated, group = 16, measure = spread, gated = mean, reciprocal = exact>} : () -> ()
// -----
// Every key.
// CHECK: #hdp.policy<paper, format = fixed<3, 5>, sq = -1, sk = 1, sv = 2, group = 3, block = 4x16, keep = 0.25, tau = -1.5>
"test.a"() {p = #hdp.policy<paper, format = fixed<3, 5>, sq = -1, sk = 1, sv = 2, group = 3, block = 4x16, keep = 0.25, tau = -1.5>} : () -> ()
// -----
// Reals are kept as written, in the shortest form that reads back.
// CHECK: #hdp.policy<compensated, rho = 0.30000000000000004, tau = 1.0e-05>
"test.a"() {p = #hdp.policy<compensated, rho = 0.30000000000000004, tau = 0.00001>} : () -> ()
// -----
// CHECK: #hdp.policy<compensated, keep = 0.5>
"test.a"() {p = #hdp.policy<compensated, keep = 0.5>} : () -> ()
