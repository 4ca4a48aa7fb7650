//===- HDP.h - the one header for users of the hdp dialect ------*- C++ -*-===//

#ifndef HDP_DIALECT_HDP_IR_HDP_H
#define HDP_DIALECT_HDP_IR_HDP_H

#include "hdp/Dialect/HDP/IR/PolicyHash.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "hdp/Dialect/HDP/IR/HDPDialect.h.inc"
#include "hdp/Dialect/HDP/IR/HDPEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "hdp/Dialect/HDP/IR/HDPAttrs.h.inc"

namespace hdp::detail {
/// Reads of the inputs and writes of the inits that are memrefs.
void getDestinationStyleEffects(
    mlir::DestinationStyleOpInterface op,
    mlir::SmallVectorImpl<mlir::MemoryEffects::EffectInstance> &effects);
/// The sizes of the inits are those of the results.
llvm::LogicalResult reifyFromInits(mlir::DestinationStyleOpInterface op,
                                   mlir::OpBuilder &builder,
                                   mlir::ReifiedRankedShapedTypeDims &shapes);
} // namespace hdp::detail

#define GET_OP_CLASSES
#include "hdp/Dialect/HDP/IR/HDPOps.h.inc"

namespace hdp {

/// The columns of the `statistics` of hdp.attention.
enum class HeadStatistic : int64_t {
  FullBlocks,
  KeptBlocks, ///< of the full ones
  Gated,
  ExponentQ,
  ExponentK,
  ExponentV,
  SaturatedQ,
  SaturatedK,
  SaturatedV,
  NaNQ,
  NaNK,
  NaNV
};
inline constexpr int64_t kNumHeadStatistics = 12;

/// Reads the command-line spelling of a policy: a preset, then `key=value`
/// separated by commas, formats as `4.8`: `compensated,rho=0.2,block=2x1`. An
/// unknown key is an error that lists the known ones.
mlir::FailureOr<PolicyAttr>
parsePolicy(mlir::MLIRContext *context, llvm::StringRef text,
            llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace hdp

#endif // HDP_DIALECT_HDP_IR_HDP_H
