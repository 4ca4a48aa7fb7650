//===- Encoder.h - a transformer encoder as a front end prints it -*- C++ -*-=//
//
// A model of any size to compile and to run: BERT's layer (attention, then a
// feed-forward part, each with its norm behind it), attention spelled out in
// linalg as front ends do, every weight an argument.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_ENCODER_H
#define HDP_TOOLS_HDP_BENCH_ENCODER_H

#include "hdp/Support/HostTensor.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace hdp::bench {

struct EncoderShape {
  std::string name;
  int64_t layers = 12, length = 128, hidden = 768, heads = 12, inner = 3072;

  int64_t headDim() const { return hidden / heads; }
};

/// `bert-base` or `kwt1`; an error lists them. A length of 0 is the model's
/// own.
llvm::Expected<EncoderShape> getEncoderShape(llvm::StringRef name,
                                             int64_t length);

/// The module: `@encoder(x, weights..) -> x`.
std::string writeEncoder(const EncoderShape &shape);

/// Its arguments from a seed, named as in the text: `x`, `wq_0`, ...
std::vector<NamedTensor> makeEncoderArguments(const EncoderShape &shape,
                                              uint64_t seed);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_ENCODER_H
