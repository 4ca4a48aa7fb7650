// The worked example of docs/Accelerator.md: from an attention to a stream, and
// the numbers of the stream's run against the model's.
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: hdp-opt %s --hdp-accel-pipeline=machine=hdp-edge -o accel.mlir
// RUN: FileCheck %s < accel.mlir
// RUN: hdp-translate --hdpa-to-stream accel.mlir -o attention.hdpa
// RUN: hdp-objdump attention.hdpa | FileCheck %s --check-prefix=LIST
// RUN: hdp-run %s --random=1 --engine=reference --output=model.npz
// RUN: %python -c "import numpy as np; m = np.load('model.npz'); np.savez('in.npz', q=m['arg0'], k=m['arg1'], v=m['arg2'])"
// RUN: hdp-sim attention.hdpa --machine=hdp-edge --inputs=in.npz --output=out.npz | FileCheck %s --check-prefix=SIM
// RUN: %python -c "import numpy as np; m, o = np.load('model.npz'), np.load('out.npz'); assert (m['result0'] == o['out']).all()"
// RUN: hdp-run accel.mlir --random=1 --output=launched.npz
// RUN: cmp model.npz launched.npz

// CHECK: hdpa.program @attention_0 machine = #hdpa.machine<>
// CHECK: func.func @attention
// CHECK: hdpa.launch @attention_0
// LIST: program attention_0
// LIST: site 0: 2 on 2 heads, 16 x 16, d 64, dv 64
// LIST: 0: setup cores=0xf
// SIM: cycles

func.func @attention(%q: tensor<2x16x64xf32>, %k: tensor<2x16x64xf32>,
                     %v: tensor<2x16x64xf32>) -> tensor<2x16x64xf32> {
  %init = tensor.empty() : tensor<2x16x64xf32>
  %0 = hdp.attention ins(%q, %k, %v : tensor<2x16x64xf32>, tensor<2x16x64xf32>, tensor<2x16x64xf32>)
      outs(%init : tensor<2x16x64xf32>) {scale = 0.125, policy = #hdp.policy<compensated>}
      -> tensor<2x16x64xf32>
  return %0 : tensor<2x16x64xf32>
}
