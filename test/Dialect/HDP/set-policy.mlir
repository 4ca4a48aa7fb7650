// RUN: hdp-opt %s --hdp-set-policy=policy=compensated,rho=0.2,format=4.3,block=2x1 | FileCheck %s --check-prefix=ALL
// RUN: hdp-opt %s --hdp-set-policy="policy=paper layers=0,2-3" | FileCheck %s --check-prefix=SOME
// RUN: hdp-opt %s --hdp-set-policy=policy=paper --hdp-set-policy="policy=exact layers=1" | FileCheck %s --check-prefix=EXACT

// RUN: hdp-opt %s --hdp-set-policy="policy=paper layers=1,3-4" 2>&1 >%t | FileCheck %s --check-prefix=ABSENT
// RUN: echo 'func.func @none() { return }' | hdp-opt --hdp-set-policy="policy=paper layers=3" | FileCheck %s --check-prefix=NOOPS

// A layer that is not there is said; a function without attention is no model,
// and its module need not have the dialect loaded.
// ABSENT: set-policy.mlir:[[@LINE+21]]:1: warning: expected layers below 4, found 4
// ABSENT: warning: expected layers below 1, found 1
// NOOPS: func @none

// The layers of every function are counted from 0.
// ALL-LABEL: func @model
// ALL-COUNT-4: policy = #hdp.policy<compensated, format = fixed<4, 3>, block = 2x1, rho = 0.2>
// ALL-LABEL: func @other
// ALL: policy =
// SOME-LABEL: func @model
// SOME: {policy = #hdp.policy<paper>, scale = 1.000000e+00 : f64}
// SOME-NEXT: {scale = 2.000000e+00 : f64}
// SOME-NEXT: {policy = #hdp.policy<paper>, scale = 3.000000e+00 : f64}
// SOME-NEXT: {policy = #hdp.policy<paper>, scale = 4.000000e+00 : f64}
// SOME-LABEL: func @other
// SOME: policy = #hdp.policy<paper>
// EXACT-LABEL: func @model
// EXACT: {policy = #hdp.policy<paper>, scale = 1.000000e+00 : f64}
// EXACT-NEXT: {scale = 2.000000e+00 : f64}
// EXACT-NEXT: {policy = #hdp.policy<paper>, scale = 3.000000e+00 : f64}
!t = tensor<2x5x8xf32>
func.func @model(%x: !t) -> !t {
  %0 = hdp.attention ins(%x, %x, %x : !t, !t, !t) outs(%x : !t) {scale = 1.0} -> !t
  %1 = hdp.attention ins(%0, %0, %0 : !t, !t, !t) outs(%x : !t) {scale = 2.0} -> !t
  %2 = hdp.attention ins(%1, %1, %1 : !t, !t, !t) outs(%x : !t) {scale = 3.0} -> !t
  %3 = hdp.attention ins(%2, %2, %2 : !t, !t, !t) outs(%x : !t) {scale = 4.0} -> !t
  return %3 : !t
}
func.func @other(%x: !t) -> !t {
  %0 = hdp.attention ins(%x, %x, %x : !t, !t, !t) outs(%x : !t) {scale = 1.0} -> !t
  return %0 : !t
}
