//===- LaunchOp.cpp - operands of a launch against symbols ----------------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"

using namespace mlir;
using namespace hdp::hdpa;

void LaunchOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  ::hdp::detail::getDestinationStyleEffects(
      cast<DestinationStyleOpInterface>(getOperation()), effects);
}

LogicalResult LaunchOp::verify() {
  bool isOnTensors = llvm::all_of(
      getOperandTypes(), [](Type type) { return isa<RankedTensorType>(type); });
  if (!isOnTensors && llvm::any_of(getOperandTypes(), [](Type type) {
        return isa<RankedTensorType>(type);
      }))
    return emitOpError("expected tensors or memrefs, found both");
  if (isOnTensors && getResultTypes() != getInits().getTypes())
    return emitOpError("expected a result of its type for each of outs");
  if (!isOnTensors && getNumResults() != 0)
    return emitOpError("expected no results on memrefs, found ")
           << getNumResults();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto program =
      symbols.lookupNearestSymbolFrom<ProgramOp>(*this, getProgramAttr());
  if (!program)
    return emitOpError("expected a program, found no hdpa.program ")
           << getProgramAttr();
  SmallVector<SymbolOp> inputs, outputs;
  for (auto symbol : program.getBody().front().getOps<SymbolOp>())
    if (!symbol.getContents())
      (symbol.getOutput() ? outputs : inputs).push_back(symbol);
  auto check = [&](OperandRange operands, MutableArrayRef<SymbolOp> expected,
                   StringRef kind) -> LogicalResult {
    if (operands.size() != expected.size())
      return emitOpError("expected ")
             << expected.size() << " operands in " << kind
             << ", one for each such symbol of " << getProgramAttr()
             << ", found " << operands.size();
    for (auto [operand, symbol] : llvm::zip(operands, expected)) {
      auto type = cast<ShapedType>(operand.getType());
      uint64_t elements = symbol.getRows() * symbol.getColumns();
      if (!type.hasStaticShape() ||
          static_cast<uint64_t>(type.getNumElements()) != elements)
        return emitOpError("expected ")
               << elements << " elements for symbol \"" << symbol.getName()
               << "\", found " << type;
      if (type.getElementTypeBitWidth() < symbol.getBits())
        return emitOpError("expected elements of at least ")
               << unsigned(symbol.getBits()) << " bits for symbol \""
               << symbol.getName() << "\", found " << type;
    }
    return success();
  };
  if (failed(check(getInputs(), inputs, "ins")))
    return failure();
  return check(getInits(), outputs, "outs");
}
