//===- VectorAccess.h - how an op reads and writes along a loop -*- C++ -*-===//

#ifndef HDP_LIB_PIPELINES_VECTORACCESS_H
#define HDP_LIB_PIPELINES_VECTORACCESS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace hdp {

/// How an operand's place changes from one iteration of a loop to the next.
enum class Access { Same, Next, Far };

/// As the map says it.
Access getAccess(mlir::AffineMap map, unsigned dim);

/// As the operand lies in memory.
Access getAccess(mlir::linalg::LinalgOp op, mlir::OpOperand *operand,
                 unsigned dim);

bool is16BitFloat(mlir::Type type);

/// Whether the op is on buffers and its body is elementwise and pure.
bool isBodySupported(mlir::linalg::LinalgOp op);

} // namespace hdp

#endif // HDP_LIB_PIPELINES_VECTORACCESS_H
