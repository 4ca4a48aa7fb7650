//===- OpChecks.cpp - what the verifiers of several ops check -------------===//

#include "OpChecks.h"
#include "hdp/Numerics/Limits.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace hdp;

LogicalResult hdp::detail::verifyOneSemantics(DestinationStyleOpInterface op) {
  if (op.hasPureTensorSemantics() || op.hasPureBufferSemantics())
    return success();
  return op->emitOpError(
      "expected all operands to be tensors or all to be memrefs, found both");
}

int64_t hdp::detail::getRank(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

FailureOr<int64_t> hdp::detail::getBatchRank(Operation *op, StringRef operand,
                                             Value value, int64_t inner) {
  int64_t rank = getRank(value);
  if (rank < inner)
    return op->emitOpError() << "expected '" << operand << "' of rank at least "
                             << inner << ", found rank " << rank;
  return rank - inner;
}

LogicalResult hdp::detail::verifyLimits(Operation *op,
                                        const numerics::Policy &policy,
                                        const ShapeChecker &shapes,
                                        bool hasBias, double scale) {
  numerics::AttentionShape shape;
  shape.Lq = shapes.get("Lq");
  shape.Lk = shapes.get("Lk");
  shape.d = shapes.get("d");
  shape.dv = shapes.get("dv");
  if (std::optional<std::string> message =
          numerics::checkLimits(policy, shape, scale, hasBias))
    return op->emitOpError(*message);
  return success();
}

LogicalResult hdp::detail::verifyBroadcast(Operation *op, StringRef name,
                                           Value value,
                                           ArrayRef<int64_t> scores) {
  if (!value)
    return success();
  ArrayRef<int64_t> shape = cast<ShapedType>(value.getType()).getShape();
  if (shape.size() != scores.size())
    return op->emitOpError()
           << "expected '" << name << "' of rank " << scores.size()
           << ", found rank " << shape.size();
  for (auto [index, size] : llvm::enumerate(shape)) {
    bool isLast = index + 1 == shape.size();
    if (ShapedType::isDynamic(size) || size == scores[index] ||
        (size == 1 && !isLast) ||
        (ShapedType::isDynamic(scores[index]) && size != 0))
      continue;
    InFlightDiagnostic diag = op->emitOpError()
                              << "expected dimension " << index << " of '"
                              << name << "' to be ";
    if (!isLast)
      diag << "1 or ";
    return diag << scores[index] << ", found " << size;
  }
  return success();
}
