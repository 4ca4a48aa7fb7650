// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,roh=0.5 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not hdp-opt %s --hdp-set-policy=policy=papr 2>&1 | FileCheck %s --check-prefix=PRESET
// RUN: not hdp-opt %s --hdp-set-policy 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,rho=much 2>&1 | FileCheck %s --check-prefix=REAL
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,rho=nan 2>&1 | FileCheck %s --check-prefix=NAN
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,tau=-inf 2>&1 | FileCheck %s --check-prefix=INF
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,format=48 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,block=2 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,group=x 2>&1 | FileCheck %s --check-prefix=INTEGER
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,split=up 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not hdp-opt %s --hdp-set-policy="policy=paper layers=5-3" 2>&1 | FileCheck %s --check-prefix=LAYERS
// RUN: not hdp-opt %s --hdp-set-policy=policy=paper,format=8.8 2>&1 | FileCheck %s --check-prefix=LIMIT

// KEY: error: unknown policy key 'roh', expected one of format, value_format
// PRESET: error: unknown policy preset 'papr', expected paper or compensated
// NONE: error: expected a policy (exact, paper or compensated), found none
// REAL: error: expected a real number for policy key 'rho', found 'much'
// NAN: error: expected rho or keep of at most 1 in magnitude, found nan{{$}}
// INF: error: expected |rint(256 tau)| < 2^31, found tau = -inf{{$}}
// FORMAT: error: expected a format such as 4.8 for policy key 'format', found '48'
// BLOCK: error: expected a block such as 2x1 for policy key 'block', found '2'
// INTEGER: error: expected an integer for policy key 'group', found 'x'
// WORD: error: expected floor or nearest for policy key 'split', found 'up'
// LAYERS: error: expected a layer or a range such as 3-5, found '5-3'
// LIMIT: set-policy-invalid.mlir:[[@LINE+3]]:{{.*}} error: 'hdp.attention' op expected a largest score below 2^30, found
!t = tensor<2x5x640xf32>
func.func @model(%x: !t) -> !t {
  %0 = hdp.attention ins(%x, %x, %x : !t, !t, !t) outs(%x : !t) {scale = 1.0} -> !t
  return %0 : !t
}
