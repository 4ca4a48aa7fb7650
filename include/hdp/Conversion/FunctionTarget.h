//===- FunctionTarget.h - the target of one function ------------*- C++ -*-===//
//
// A kernel may have a target of its own, so that one module holds code for
// several processors. The passes that emit code look here first.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_CONVERSION_FUNCTIONTARGET_H
#define HDP_CONVERSION_FUNCTIONTARGET_H

#include "hdp/Support/CPUTarget.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace hdp {

/// On a function: the name of the target that its code is made for.
inline constexpr llvm::StringLiteral kTargetAttr = "hdp.target";

/// Makes `target` that of a function: its code is emitted for it, and LLVM may
/// use its instructions there.
void setFunctionTarget(mlir::FunctionOpInterface function,
                       const CPUTarget &target);

/// Gives a function the target of the one around `op`; false if that has none.
bool copyFunctionTarget(mlir::Operation *op,
                        mlir::FunctionOpInterface function);

/// The target of the function around `op`; `otherwise` if that has none.
CPUTarget getFunctionTarget(mlir::Operation *op, const CPUTarget &otherwise);

/// What LLVM calls a function of finished vector code, on which it need not try
/// everything that it knows.
inline constexpr llvm::StringLiteral kVectorCode = "hdp-vector-code";

/// Says that the work of `function` is done in vector code of our own; one that
/// is public may have other work.
void markVectorCode(mlir::FunctionOpInterface function);

} // namespace hdp

#endif // HDP_CONVERSION_FUNCTIONTARGET_H
