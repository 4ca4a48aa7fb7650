//===- MachineLayer.h - an attention layer for the machine ------*- C++ -*-===//
//
// Operands with statistics like those of a trained layer, from a seed, and the
// runs that tables and rows are made of. The same bits on every host.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_MACHINELAYER_H
#define HDP_TOOLS_HDP_BENCH_MACHINELAYER_H

#include "hdp/Machine/HostSide.h"
#include "hdp/Machine/Machine.h"

namespace hdp::bench {

/// Q, K and V of `heads` heads of `length` tokens: noise, keys that many rows
/// attend to, and a pull towards near positions. Normal but for that; no libm.
struct Layer {
  Layer(uint32_t heads, uint32_t length, uint32_t d, uint64_t seed);
  /// One head of given operands.
  Layer(uint32_t length, uint32_t d, std::vector<float> q, std::vector<float> k,
        std::vector<float> v)
      : heads(1), length(length), d(d), q(std::move(q)), k(std::move(k)),
        v(std::move(v)) {}
  machine::AttentionOperands operands() const;

  uint32_t heads, length, d;
  std::vector<float> q, k, v;
};

/// What is executed: a policy, or dense attention on codes of 16 or 8 bits.
struct Variant {
  std::string name;
  numerics::Policy policy;
  bool dense = false;
};
/// `dense16`, `dense8`, `paper` or `compensated`.
llvm::Expected<Variant> makeVariant(llvm::StringRef name);

/// The attention of a layer as a program for a machine.
llvm::Expected<machine::Program> buildLayer(const Layer &layer,
                                            const Variant &variant,
                                            const machine::Config &config);

/// That program, and what executing it did.
struct LayerRun {
  machine::Program program;
  machine::Run run;
};
llvm::Expected<LayerRun> runLayer(const Layer &layer, const Variant &variant,
                                  const machine::Config &config);

/// Sets the threshold so that, over all heads of all layers, at least `kept` of
/// the full blocks are kept, and as little more as 1/256 of rho allows.
llvm::Error calibrate(llvm::ArrayRef<Layer> layers, double kept,
                      Variant &variant);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_MACHINELAYER_H
