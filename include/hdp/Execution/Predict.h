//===- Predict.h - from scores to classes -----------------------*- C++ -*-===//
//
// How a prediction is read off a model's result.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_PREDICT_H
#define HDP_EXECUTION_PREDICT_H

#include "hdp/Support/HostTensor.h"

namespace hdp {

/// The index of the largest element of each row of the last dimension, the
/// lowest one on a tie; a NaN is never the largest.
std::vector<int64_t> predict(const HostTensor &scores);

} // namespace hdp

#endif // HDP_EXECUTION_PREDICT_H
