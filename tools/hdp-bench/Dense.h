//===- Dense.h - dense attention to compare with ----------------*- C++ -*-===//
//
// The project's own dense attention, one head a call, written with intrinsics
// for each instruction set: what a processor can do without pruning. No part
// of the compiler.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_DENSE_H
#define HDP_TOOLS_HDP_BENCH_DENSE_H

#include <cstddef>
#include <cstdint>

namespace hdp::bench {

/// softmax(scale Q K^T) V of one head; every tensor dense and row-major.
struct DenseCall {
  const float *q, *k, *v;
  float *out;
  int64_t queries, keys, headDim, valueDim;
  float scale;
  /// At least what the kernel's size function asks for, 64-byte aligned.
  char *workspace;
};

struct DenseKernel {
  /// Null where this build has no kernel for the instruction set.
  void (*run)(const DenseCall &call) = nullptr;
  /// Bytes of workspace; only the sizes of the call are read.
  size_t (*getWorkspace)(const DenseCall &call) = nullptr;
  /// The softmax of a row times scale, in place: what a user of a library of
  /// matrix products would put between two of them. Only of f32 kernels.
  void (*softmax)(float *row, int64_t count, float scale) = nullptr;
};

/// Flash form in f32: 512-bit, 256-bit with FMA, and whatever the build
/// assumes.
DenseKernel getDenseF32AVX512();
DenseKernel getDenseF32AVX2();
DenseKernel getDenseF32Portable();

/// bf16 on tiles, f32 in and out; rounding is part of a call. Only where the
/// process may use AMX.
DenseKernel getDenseBF16AMX();

/// 8-bit Q, K and V with one scale a head, 8-bit weights, f32 in and out;
/// conversion is part of a call.
DenseKernel getDenseInt8VNNI();
DenseKernel getDenseInt8Portable();

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_DENSE_H
