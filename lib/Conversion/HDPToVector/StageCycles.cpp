//===- StageCycles.cpp - ticks that the stages take -----------------------===//
//
// With the pass's option `stage-cycles` a kernel reads the cycle counter where
// a stage ends and adds what has passed to the stage's number in a global of
// the module. Without it nothing is emitted.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

llvm::StringRef hdp::getName(KernelStage stage) {
  switch (stage) {
  case KernelStage::Pack:
    return "pack";
  case KernelStage::Pool:
    return "pool";
  case KernelStage::List:
    return "list";
  case KernelStage::Score:
    return "score";
  case KernelStage::Softmax:
    return "softmax";
  case KernelStage::Apply:
    return "apply";
  }
  llvm_unreachable("unknown stage");
}

Val KernelEmitter::readTicks() {
  return wrap(LLVM::CallIntrinsicOp::create(
                  b, b.getI64Type(), b.getStringAttr("llvm.readcyclecounter"),
                  ValueRange())
                  ->getResult(0));
}

void KernelEmitter::startCounting() {
  if (spec.countsCycles)
    store(readTicks(), lastTicks, index(0));
}

void KernelEmitter::endStage(KernelStage stage) {
  if (!spec.countsCycles)
    return;
  Value ticks = memref::GetGlobalOp::create(
      b, MemRefType::get({kNumKernelStages}, b.getI64Type()),
      kStageCyclesGlobal);
  Val at = index(static_cast<int64_t>(stage)), now = readTicks();
  Val soFar = wrap(memref::LoadOp::create(b, ticks, ValueRange{at.v}));
  memref::StoreOp::create(b, soFar + (now - load(lastTicks, index(0))), ticks,
                          ValueRange{at.v});
  store(now, lastTicks, index(0));
}
