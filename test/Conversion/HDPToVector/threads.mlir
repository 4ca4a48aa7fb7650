// RUN: hdp-opt %s --convert-hdp-to-vector=target=avx512 --canonicalize --cse --split-input-file | FileCheck %s

// As many parts as threads, but not more than the work is worth, each with a
// workspace of its own. A part has some strips of eight block rows out of those
// of all heads in order, here 32 a head.

// CHECK-LABEL: func.func private @attention
// CHECK-SAME:    (%[[Q:[a-z0-9]*]]: memref<2x512x64xf32>, %[[O:[a-z0-9]*]]: memref<2x512x64xf32>)
// CHECK-DAG:     %[[SIZE:.*]] = arith.constant 666688
// CHECK-DAG:     %[[MOST:.*]] = arith.constant 8
// CHECK:         %[[THREADS:.*]] = call @hdp_threads()
// CHECK:         %[[ISLESS:.*]] = arith.cmpi slt, %[[THREADS]], %[[MOST]]
// CHECK:         %[[PARTS:.*]] = arith.select %[[ISLESS]], %[[THREADS]], %[[MOST]]
// CHECK:         %[[ALL:.*]] = arith.muli %[[PARTS]], %[[SIZE]]
// CHECK:         %[[WORKSPACE:.*]] = memref.alloc(%[[ALL]])
// CHECK:         call @hdp_split_hdp_attention_part(%[[Q]], %[[Q]], %[[Q]], %[[O]], %[[WORKSPACE]], %[[SIZE]], %[[PARTS]])
// CHECK:         memref.dealloc %[[WORKSPACE]]

// CHECK:       func.func private @hdp_attention_part(
// CHECK-SAME:    %[[PART:[a-z0-9]*]]: index, %[[COUNT:[a-z0-9]*]]: index)
// CHECK-DAG:     %[[STRIPS:.*]] = arith.constant 64
// CHECK-DAG:     %[[HEAD:.*]] = arith.constant 32
// CHECK:         %[[SCALED:.*]] = arith.muli %[[PART]], %[[STRIPS]]
// CHECK:         %[[BEGIN:.*]] = arith.divui %[[SCALED]], %[[COUNT]]
// CHECK:         %[[FIRST:.*]] = arith.divui %[[BEGIN]], %[[HEAD]]
// CHECK:         scf.for %{{.*}} = %[[FIRST]] to
// CHECK:           func.call @hdp_attention_0

// CHECK:       func.func private @hdp_split_hdp_attention_part(
// CHECK-SAME:    memref<?xi8>, index, index)
// CHECK:       func.func private @hdp_threads() -> index
func.func private @attention(%q: memref<2x512x64xf32>, %o: memref<2x512x64xf32>) attributes {hdp.threads} {
  hdp.attention ins(%q, %q, %q : memref<2x512x64xf32>, memref<2x512x64xf32>, memref<2x512x64xf32>)
      outs(%o : memref<2x512x64xf32>) {scale = 0.125, policy = #hdp.policy<paper>}
  return
}

// -----

// With a head gate parts have whole heads if there are enough; else all parts
// of a head measure their rows, and decide and go on in a second call. What a
// head gives, and its statistics, are sums over its parts, so they begin at 0.

// CHECK-LABEL: func.func private @gated
// CHECK-SAME:    (%[[Q:[a-z0-9]*]]: memref<2x512x64xf32>, %[[O:[a-z0-9]*]]: memref<2x512x64xf32>, %[[STATISTICS:[a-z0-9]*]]: memref<2x12xi64>)
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0 : i64
// CHECK:         memref.store %[[ZERO]], %[[STATISTICS]]
// CHECK:         %[[SUMS:.*]] = memref.alloc() : memref<2x4xi64>
// CHECK:         %[[TOTALS:.*]] = memref.cast %[[SUMS]]
// CHECK:         %[[ISFEW:.*]] = arith.cmpi sgt, %{{.*}}, %[[C2]]
// CHECK:         scf.if %[[ISFEW]] {
// CHECK:           memref.store %[[ZERO]], %[[SUMS]]
// CHECK:           func.call @hdp_split_hdp_attention_part({{.*}}, %[[TOTALS]], %[[C1]], %{{[a-z0-9]*}})
// CHECK:           func.call @hdp_split_hdp_attention_part({{.*}}, %[[TOTALS]], %[[C2]], %{{[a-z0-9]*}})
// CHECK:         } else {
// CHECK:           func.call @hdp_split_hdp_attention_part({{.*}}, %[[TOTALS]], %[[C0]], %{{[a-z0-9]*}})

// CHECK:       func.func private @hdp_attention_0
// CHECK:         memref.atomic_rmw addi
func.func private @gated(%q: memref<2x512x64xf32>, %o: memref<2x512x64xf32>, %s: memref<2x12xi64>) attributes {hdp.threads} {
  hdp.attention ins(%q, %q, %q : memref<2x512x64xf32>, memref<2x512x64xf32>, memref<2x512x64xf32>)
      outs(%o : memref<2x512x64xf32>) statistics(%s : memref<2x12xi64>)
      {scale = 0.125, policy = #hdp.policy<paper, tau = 0.5>}
  return
}
