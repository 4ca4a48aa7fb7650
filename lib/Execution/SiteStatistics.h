//===- SiteStatistics.h - what one attention left out -----------*- C++ -*-===//
//
// Counts for reports, from the intermediates that an engine gives. Private to
// the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_SITESTATISTICS_H
#define HDP_LIB_EXECUTION_SITESTATISTICS_H

#include "hdp/Execution/SiteRunner.h"

namespace hdp {

/// Adds pruned blocks and gated heads (N6, N7) and saturated and NaN elements
/// of Q, K and V (N1) to `layer`. `inputs` are the arguments of `site.function`
/// and `results` what an engine returned. Heads count in proportion to
/// `numValid` of `batchSize`, the first ones. Results that have `statistics`
/// need no inputs.
void countSite(const AttentionSite &site,
               llvm::ArrayRef<const HostTensor *> inputs,
               llvm::ArrayRef<NamedTensor> results, int64_t numValid,
               int64_t batchSize, LayerReport &layer);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_SITESTATISTICS_H
