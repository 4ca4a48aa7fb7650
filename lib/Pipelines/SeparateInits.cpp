//===- SeparateInits.cpp - a filled tensor for each op that writes it -----===//
//
// Ops that begin with the same value share one filled tensor once equal ops
// are merged. Each of them but the last would then have to copy it.
//
//===----------------------------------------------------------------------===//

#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace hdp {
#define GEN_PASS_DEF_SEPARATEINITS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

/// The op fills an empty tensor with a value that does not depend on where.
static bool isFill(linalg::LinalgOp op) {
  if (op->getNumResults() != 1 || op.getNumDpsInits() != 1 ||
      !op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
    return false;
  if (isa<linalg::FillOp>(op.getOperation()))
    return true;
  return isa<linalg::GenericOp>(op.getOperation()) &&
         op.getNumDpsInputs() == 0 && llvm::hasSingleElement(*op.getBlock()) &&
         op.getBlock()->getTerminator()->getOperand(0).getParentBlock() !=
             op.getBlock();
}

namespace {
struct SeparateInitsPass
    : public hdp::impl::SeparateInitsBase<SeparateInitsPass> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> fills;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.hasPureTensorSemantics() && isFill(op))
        fills.push_back(op);
    });
    for (linalg::LinalgOp fill : fills) {
      Value filled = fill->getResult(0);
      SmallVector<OpOperand *> inits;
      for (OpOperand &use : filled.getUses()) {
        auto op = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
        if (op && op.isDpsInit(&use))
          inits.push_back(&use);
      }
      for (OpOperand *init : inits) {
        OpBuilder builder(init->getOwner());
        IRMapping mapping;
        builder.clone(*fill.getDpsInits()[0].getDefiningOp(), mapping);
        init->set(builder.clone(*fill, mapping)->getResult(0));
        ++numSeparated;
      }
      if (!filled.use_empty())
        continue;
      Operation *empty = fill.getDpsInits()[0].getDefiningOp();
      fill->erase();
      if (empty->use_empty())
        empty->erase();
    }
  }
};
} // namespace
