//===- SiteCapture.h - what an attention of a model was given ---*- C++ -*-===//
//
// Copies for measurements on real inputs. Private to the library.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_SITECAPTURE_H
#define HDP_LIB_EXECUTION_SITECAPTURE_H

#include "hdp/Execution/CompiledModel.h"

namespace hdp {

/// Appends `layerN.q`, `layerN.k`, .. of site N, without permutations, and
/// `layerN.scale`. `views` are its operands, the output last.
void captureInputs(const AttentionSite &site, llvm::ArrayRef<TensorView> views,
                   std::vector<NamedTensor> &tensors);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_SITECAPTURE_H
