//===- ExactToVector.cpp - the pass around the exact kernel ---------------===//

#include "ExactKernel.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "hdp/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hdp;

namespace hdp {
#define GEN_PASS_DEF_CONVERTEXACTTOVECTOR
#include "hdp/Conversion/Passes.h.inc"
} // namespace hdp

namespace {
struct ConvertExactToVector
    : hdp::impl::ConvertExactToVectorBase<ConvertExactToVector> {
  using ConvertExactToVectorBase::ConvertExactToVectorBase;

  void runOnOperation() override {
    std::optional<CPUTarget> found = getCPUTarget(target);
    if (!found) {
      mlir::emitError(getOperation()->getLoc(), "expected target ")
          << getExpectedTargets() << ", found '" << target << "'";
      return signalPassFailure();
    }
    SmallVector<AttentionOp> ops;
    getOperation()->walk([&](AttentionOp op) {
      if (!op.getPolicy() && op->getNumResults() == 0)
        ops.push_back(op);
    });
    for (AttentionOp op : ops) {
      OpBuilder builder(op);
      ImplicitLocOpBuilder located(op.getLoc(), builder);
      CPUTarget chosen = getFunctionTarget(op, *found);
      VectorEmitter emitter(located, chosen);
      emitter.sharePartOf(op);
      ExactKernel(emitter, op, bf16).run();
      markVectorCode(op->getParentOfType<FunctionOpInterface>());
      op.erase();
      ++numConverted;
    }
  }
};
} // namespace
