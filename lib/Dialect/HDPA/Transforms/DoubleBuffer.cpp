//===- DoubleBuffer.cpp - programs overlap --------------------------------===//

#include "hdp/Machine/DoubleBuffer.h"
#include "hdp/Dialect/HDPA/Transforms/Passes.h"

namespace hdp {
#define GEN_PASS_DEF_HDPADOUBLEBUFFER
#include "hdp/Dialect/HDPA/Transforms/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

namespace {
struct DoubleBuffer : hdp::impl::HDPADoubleBufferBase<DoubleBuffer> {
  void runOnOperation() override {
    hdpa::ProgramOp op = getOperation();
    if (op.isAddressed())
      return markAllAnalysesPreserved();
    FailureOr<machine::NamedProgram> named = op.toNamedProgram();
    if (failed(named))
      return signalPassFailure();
    llvm::Expected<machine::Overlapped> done =
        machine::doubleBuffer(*named, op.getMachine().toConfig());
    if (!done) {
      // Not at the op: a note would print the whole program.
      mlir::emitError(op.getLoc())
          << "'hdpa.program' op " << llvm::toString(done.takeError());
      return signalPassFailure();
    }
    numBuffers += done->buffers;
    numMoved += done->moved;

    auto buffer = named->buffers.begin();
    SmallVector<Operation *> commands;
    for (Operation &entry : op.getBody().front()) {
      if (auto declared = dyn_cast<hdpa::BufferOp>(entry))
        declared.setSlots(buffer++->slots);
      else if (isa<hdpa::CommandOpInterface>(entry))
        commands.push_back(&entry);
    }
    for (auto [index, was] : llvm::enumerate(done->order)) {
      commands[was]->moveBefore(&op.getBody().front(),
                                op.getBody().front().end());
      hdpa::setAddresses(commands[was], named->program.commands[index],
                         named->buffers);
    }
  }
};
} // namespace
