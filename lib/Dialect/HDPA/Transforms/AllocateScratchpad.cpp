//===- AllocateScratchpad.cpp - programs get addresses --------------------===//

#include "hdp/Dialect/HDPA/Transforms/Passes.h"
#include "hdp/Machine/Allocation.h"

namespace hdp {
#define GEN_PASS_DEF_HDPAALLOCATESCRATCHPAD
#include "hdp/Dialect/HDPA/Transforms/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

namespace {
struct AllocateScratchpad
    : hdp::impl::HDPAAllocateScratchpadBase<AllocateScratchpad> {
  void runOnOperation() override {
    hdpa::ProgramOp op = getOperation();
    if (op.isAddressed())
      return markAllAnalysesPreserved();
    FailureOr<machine::NamedProgram> named = op.toNamedProgram();
    if (failed(named))
      return signalPassFailure();
    machine::Config config = op.getMachine().toConfig();
    llvm::Expected<machine::Allocation> allocation =
        machine::allocate(*named, config);
    if (!allocation)
      return fail(allocation.takeError());
    machine::Program program = machine::applyAllocation(*named, *allocation);
    if (llvm::Error error = machine::checkAllocation(*named, program, config))
      return fail(std::move(error));

    OpBuilder builder(&getContext());
    auto command = program.commands.begin();
    for (Operation &entry : llvm::make_early_inc_range(op.getBody().front())) {
      if (isa<hdpa::BufferOp>(entry)) {
        entry.erase();
        ++numPlaced;
      } else if (isa<hdpa::CommandOpInterface>(entry)) {
        hdpa::setAddresses(&entry, *command++);
      }
    }
  }

  void fail(llvm::Error error) {
    // Not at the op: a note would print the whole program.
    mlir::emitError(getOperation().getLoc())
        << "'hdpa.program' op " << llvm::toString(std::move(error));
    signalPassFailure();
  }
};
} // namespace
