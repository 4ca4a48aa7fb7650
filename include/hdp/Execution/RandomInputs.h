//===- RandomInputs.h - arguments from a seed -------------------*- C++ -*-===//
//
// Values for any function when there are no weights at hand. Every argument
// has its own sequence, so its values do not change with the sizes of others.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_EXECUTION_RANDOMINPUTS_H
#define HDP_EXECUTION_RANDOMINPUTS_H

#include "hdp/Execution/ValueType.h"
#include "llvm/Support/Error.h"
#include <map>

namespace hdp {

/// A dynamic size that nobody gave.
inline constexpr int64_t kDefaultDynamicSize = 16;

/// Sizes of an argument, by argument index.
using ArgumentShapes = std::map<int64_t, llvm::SmallVector<int64_t, 4>>;

/// Reads `INDEX:2x16x64` into `shapes`.
llvm::Error parseArgumentShape(llvm::StringRef text, ArgumentShapes &shapes);

/// Floats are normal(0, 1), times `weightScale` in tensors of rank 1 and 2
/// (weights), integers are 0 or 1, i1 is fair.
llvm::Expected<std::vector<HostTensor>>
makeRandomArguments(llvm::ArrayRef<ValueType> types,
                    const ArgumentShapes &shapes, uint64_t seed,
                    double weightScale = 0.05);

} // namespace hdp

#endif // HDP_EXECUTION_RANDOMINPUTS_H
