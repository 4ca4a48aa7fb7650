// With the option kernels count the ticks of their stages; without it nothing of
// that is there.

// RUN: hdp-opt %s --convert-hdp-to-vector="target=portable stage-cycles" | FileCheck %s
// RUN: hdp-opt %s --convert-hdp-to-vector=target=portable | FileCheck %s --check-prefix=OFF

// OFF-NOT: hdp_stage_cycles
// OFF-NOT: readcyclecounter
// Lists without an instruction for them are by table.
// OFF: memref.global "private" constant @hdp_set_bits : memref<2048xi8>

// CHECK: memref.global "private" @hdp_stage_cycles : memref<6xi64> = dense<0>
// CHECK-NOT: @hdp_stage_cycles :
// CHECK-LABEL: func private @hdp_attention_0
// One to begin with, one for each of six stages, the softmax in two parts with the
// next batch's importance between them.
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.readcyclecounter"
// CHECK-NOT: readcyclecounter
func.func @single(%q: memref<?x64xf32>, %k: memref<?x64xf32>,
                  %v: memref<?x64xf32>, %o: memref<?x64xf32>) {
  hdp.attention ins(%q, %k, %v : memref<?x64xf32>, memref<?x64xf32>,
                                 memref<?x64xf32>)
      outs(%o : memref<?x64xf32>)
      {scale = 0.125, policy = #hdp.policy<compensated>}
  return
}
