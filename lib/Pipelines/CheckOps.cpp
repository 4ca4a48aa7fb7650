//===- CheckOps.cpp - name the op that cannot be compiled -----------------===//
//
// At both ends of the CPU pipeline: an op that nothing lowers is one error at
// its own location, instead of whatever the first pass to meet it would say.
//
//===----------------------------------------------------------------------===//

#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace hdp {
#define GEN_PASS_DEF_CHECKCPUINPUT
#define GEN_PASS_DEF_CHECKLOWERED
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

/// Reports the first op below `root` that `isLegal` refuses.
static LogicalResult checkOps(Operation *root,
                              function_ref<bool(Operation *)> isLegal,
                              StringRef message) {
  WalkResult result = root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == root || isLegal(op))
      return WalkResult::advance();
    // The note "see current operation" would print a whole function.
    emitError(op->getLoc()) << "'" << op->getName() << "' op " << message;
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// One-shot-bufferize knows what to do with it.
static bool canBufferize(Operation *op) {
  if (!op->isRegistered())
    return false;
  auto isTensor = [](Type type) { return isa<TensorType>(type); };
  bool onTensors = llvm::any_of(op->getOperandTypes(), isTensor) ||
                   llvm::any_of(op->getResultTypes(), isTensor);
  return !onTensors || isa<bufferization::BufferizableOpInterface>(op);
}

namespace {
struct CheckCPUInputPass
    : public hdp::impl::CheckCPUInputBase<CheckCPUInputPass> {
  void runOnOperation() override {
    if (failed(checkOps(getOperation(), canBufferize,
                        "has no lowering to the CPU")))
      signalPassFailure();
  }
};

struct CheckLoweredPass : public hdp::impl::CheckLoweredBase<CheckLoweredPass> {
  void runOnOperation() override {
    auto isLowered = [](Operation *op) {
      return isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()) ||
             isa<ModuleOp>(op);
    };
    if (failed(checkOps(getOperation(), isLowered,
                        "was not lowered to the LLVM dialect")))
      signalPassFailure();
  }
};
} // namespace
